"""Canned replies on the page of a ticket: choosing one, and putting it into the reply.

With the script the text goes in where the cursor is (static/canned.js). Without it the way leads
over the draft, so that nothing that was typed or attached is lost.
"""

from typing import Any

from flask import flash, jsonify, redirect, request
from flask_admin import expose

from console.admin.ticket_page import TicketPage
from console.extensions import db
from console.login.sessions import me
from console.portal import messages
from console.portal.forms import MessageForm
from console.refusals import Refusal
from console.tickets import canned, drafts, queries
from console.transaction import change


class CannedPage(TicketPage):
    """What is answered often, filled in for one ticket."""

    @expose("/<int:ticket_id>/canned")
    def canned(self, ticket_id: int) -> Any:
        """All that there are: for the script as JSON, else a page of them."""
        ticket = queries.get_visible(db.session(), me(), ticket_id)
        replies = [
            {"id": reply.id, "title": reply.title, "text": canned.fill(reply, ticket, me())}
            for reply in canned.choices(db.session(), me())
        ]
        wanted = request.accept_mimetypes
        if wanted["application/json"] > wanted["text/html"]:
            return jsonify(replies)
        return self.render("admin/canned_choose.html", ticket=ticket, replies=replies)

    @expose("/<int:ticket_id>/canned", methods=["POST"])
    def insert_canned(self, ticket_id: int) -> Any:
        """Keep the reply as it stands; then the chosen text goes to its end, or one chooses."""
        queries.get_visible(db.session(), me(), ticket_id)
        place = messages.place("reply", ticket_id)
        if "body" in request.form:
            form = MessageForm("reply")
            if not messages.take_files(form) or not form.validate_on_submit():
                return self.ticket_page(ticket_id, status=form.status, refused=form)
            kept = {"body": form.body.data or "", "attached": form.attached}
            with change() as session:
                # Without its key: what comes by a button is no straggler of what was sent.
                drafts.save(session, me(), place, fields=kept, key="")
        if "insert" not in request.form:
            return redirect(self.get_url(".canned", ticket_id=ticket_id), 303)
        try:
            with change() as session:
                ticket = queries.get_visible(session, me(), ticket_id)
                chosen = canned.get(session, me(), request.form.get("insert", type=int) or 0)
                canned.put_in(session, me(), ticket, chosen, place=place)
        except Refusal as refusal:
            flash(str(refusal), "error")
        return redirect(self.get_url(".show", ticket_id=ticket_id, _anchor="reply"), 303)
