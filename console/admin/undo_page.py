"""Taking back, on the page of a ticket, the reply that one has just sent."""

from typing import Any

from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import gettext

from console.admin.ticket_page import TicketPage
from console.extensions import db
from console.login.sessions import me
from console.models import row_number
from console.portal import messages
from console.portal.forms import MessageForm
from console.refusals import Refusal
from console.tickets import queries, undo
from console.transaction import change


class UndoPage(TicketPage):
    """A reply is in the form again, and was never sent."""

    @expose("/<int:ticket_id>/reply/take-back", methods=["POST"])
    def take_back(self, ticket_id: int) -> Any:
        """With the reply comes the form for the next one: what was typed there is kept too."""
        queries.get_visible(db.session(), me(), ticket_id)
        form = MessageForm("reply")
        messages.take_files(form)
        typed = {"body": form.body.data or "", "attached": form.attached}
        event = row_number(request.form.get("event", ""))
        try:
            with change() as session:
                ticket = queries.get_visible(session, me(), ticket_id)
                number = ticket.id
                undo.take_back(session, me(), ticket, event, typed=typed, key=form.key.sent)
        except Refusal as refusal:
            if refusal.status in (403, 404):
                raise
            flash(str(refusal), "error")
            return self.ticket_page(ticket_id, status=refusal.status, refused=form)
        for error in form.file_errors:
            flash(error, "error")
        flash(gettext("The reply was taken back. It is in the form below."), "success")
        return redirect(self.get_url(".show", ticket_id=number, _anchor="reply-body"), 303)
