"""Showing and wiping a secret, the same from the requester's page and from the console."""

from typing import Any

from flask import flash, request
from flask_babel import gettext as _

from console.login.sessions import me
from console.models import ID_MAX
from console.tickets import queries, secrecy
from console.tickets.errors import NotThere, TicketError
from console.transaction import change


def show(ticket_id: int) -> dict[str, Any]:
    """What the ticket's page needs to show the secret that was clicked.

    The history says who looked; and the page goes back to where the secret stands.
    """
    try:
        with change() as session:
            ticket = queries.get_visible(session, me(), ticket_id)
            secret, _event = secrecy.show(session, me(), ticket, secret_id=_chosen())
            at = secret.message.event_id if secret.message else None
            if at is None and secret.ticket_id != ticket.id:  # in the text of one merged into it
                at = queries.first_event(session, secret.ticket).id
            return {"revealed": {secret.id: secret.value or ""}, "at": at}
    except TicketError as refusal:
        if refusal.status in (403, 404):
            raise
        flash(str(refusal), "error")
        return {"status": refusal.status}


def wipe(ticket_id: int) -> None:
    """Forget the secret that was clicked."""
    with change() as session:
        ticket = queries.get_visible(session, me(), ticket_id)
        secrecy.wipe(session, me(), ticket, secret_id=_chosen())
    flash(_("It is wiped. Nobody can see it any more."), "success")


def _chosen() -> int:
    number = request.form.get("secret", type=int)
    if number is None or not 0 < number <= ID_MAX:
        raise NotThere
    return number
