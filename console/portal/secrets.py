"""Showing and wiping a secret, the same from the requester's page and from the console."""

from flask import flash, request
from flask_babel import gettext as _

from console.login.sessions import me
from console.tickets import queries, secrecy
from console.tickets.errors import NotThere
from console.transaction import change


def show(ticket_id: int) -> dict[int, str]:
    """The value of the secret that was clicked, by its number; the history says who looked."""
    with change() as session:
        ticket = queries.get_visible(session, me(), ticket_id)
        secret, _event = secrecy.show(session, me(), ticket, secret_id=_chosen())
        return {secret.id: secret.value or ""}


def wipe(ticket_id: int) -> None:
    """Forget the secret that was clicked."""
    with change() as session:
        ticket = queries.get_visible(session, me(), ticket_id)
        secrecy.wipe(session, me(), ticket, secret_id=_chosen())
    flash(_("It is wiped. Nobody can see it any more."), "success")


def _chosen() -> int:
    number = request.form.get("secret", type=int)
    if number is None or not 0 < number <= queries.ID_MAX:
        raise NotThere
    return number
