"""Making two tickets one, taking that back, and linking tickets, from the page of one of them."""

import re
from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import gettext, ngettext

from console import tickets
from console.admin.ticket_page import TicketPage, seen_version
from console.extensions import db
from console.login.sessions import me
from console.models import Event, Ticket, User
from console.tickets import merging, queries
from console.tickets.errors import NotThere, Stale, TicketError
from console.tickets.merging import NotTogether
from console.transaction import change

# A number as people give it: 12, #12, or the address of the ticket's page.
NUMBER = re.compile(r"(?:#|.*/tickets/)?(\d{1,9})(?:[/?#].*)?", re.DOTALL)


class MergePage(TicketPage):
    """What is done with two tickets at once."""

    @expose("/<int:ticket_id>/merge", methods=["POST"])
    def merge(self, ticket_id: int) -> Any:
        """Make the ticket part of the one in `into`; from our own page it is asked once more."""
        version = seen_version()
        try:
            if "ask" in request.form and "sure" not in request.form:
                return self.ask_first(ticket_id)
            with change() as session:
                ticket = queries.get_itself(session, me(), ticket_id)
                into = chosen(session, "into")
                tickets.merge(session, me(), ticket, into=into, version=version)
        except NotTogether as refusal:
            return self.side_by_side(ticket_id, refused=str(refusal)), refusal.status
        except Stale as stale:
            return self.side_by_side(ticket_id, news=stale.news), stale.status
        except TicketError as refusal:
            return self.refused(ticket_id, refusal)
        survivor = queries.get_visible(db.session(), me(), ticket_id)
        address = self.get_url(".show", ticket_id=survivor.id, merged=ticket_id)
        return redirect(address, 303)

    def ask_first(self, ticket_id: int) -> Any:
        """Both tickets side by side, and what will happen."""
        session = db.session()
        ticket = queries.get_itself(session, me(), ticket_id)
        into = chosen(session, "into")
        survivor = queries.get_visible(session, me(), into.id)
        if ticket.merged_into_id != survivor.id:
            merging.check(session, ticket, into=into, survivor=survivor)
        return self.side_by_side(ticket_id)

    def side_by_side(self, ticket_id: int, **context: Any) -> str:
        session = db.session()
        ticket = queries.get_itself(session, me(), ticket_id)
        survivor = queries.get_visible(session, me(), chosen(session, "into").id)
        return self.render(
            "admin/merge.html",
            ticket=ticket,
            survivor=survivor,
            last=queries.last_messages(session, [ticket.id, survivor.id]),
            undo_days=merging.UNDO_DAYS,
            **{"refused": None, "news": (), **context},
        )

    @expose("/<int:ticket_id>/unmerge", methods=["POST"])
    def unmerge(self, ticket_id: int) -> Any:
        """Let the ticket stand by itself again."""
        try:
            with change() as session:
                ticket = queries.get_itself(session, me(), ticket_id)
                event = tickets.unmerge(session, me(), ticket)
                changes = event.changes if event else {}
        except TicketError as refusal:
            return self.refused(ticket_id, refusal)
        if changes:
            flash(gettext("#%(number)d stands by itself again.", number=ticket_id), "success")
        if stayed := changes.get("stayed"):
            flash(
                ngettext(
                    "%(num)d reply was written after the merge, and stays with #%(whole)d.",
                    "%(num)d replies were written after the merge, and stay with #%(whole)d.",
                    len(stayed[1]),
                    whole=changes["into"][0],
                ),
                "info",
            )
        return redirect(self.get_url(".show", ticket_id=ticket_id), 303)

    @expose("/<int:ticket_id>/link", methods=["POST"])
    def link(self, ticket_id: int) -> Any:
        return self.tie(ticket_id, tickets.link)

    @expose("/<int:ticket_id>/unlink", methods=["POST"])
    def unlink(self, ticket_id: int) -> Any:
        return self.tie(ticket_id, tickets.unlink)

    def tie(self, ticket_id: int, verb: Callable[..., Event | None]) -> Any:
        """Link the ticket with the one in `to`, or not any more."""
        try:
            with change() as session:
                ticket = queries.get_visible(session, me(), ticket_id)
                other = queries.get_visible(session, me(), chosen(session, "to").id)
                verb(session, me(), ticket, to=other)
        except TicketError as refusal:
            return self.refused(ticket_id, refusal)
        return redirect(self.get_url(".show", ticket_id=ticket_id), 303)


def chosen(session: Any, name: str) -> Ticket:
    """The ticket whose number is in the form. Raises TicketError when there is none."""
    actor: User = me()
    found = NUMBER.fullmatch(request.form.get(name, "").strip()[:300])
    try:
        if found is None:
            raise NotThere
        return queries.get_itself(session, actor, int(found[1]))
    except NotThere:
        sentence = gettext("There is no ticket with that number.")
        raise TicketError(sentence, field=name, status=422) from None
