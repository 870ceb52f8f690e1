"""Secrets that somebody wrote: kept beside the text and not in it, shown on purpose only.

Lists, search, exports and mails are made from the texts, and the texts have bullets where the
secret stood. Whoever looks at one leaves a line in the history.
"""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from console import clock
from console.masking import Hidden, hide
from console.models import Event, Kind, Message, Secret, Ticket, User
from console.tickets import policy
from console.tickets.errors import NotAllowed, NotThere, TicketError
from console.tickets.events import record, witness
from console.tickets.family import family

__all__ = ["hide", "keep", "show", "told", "wipe"]


def told(*hidden: Hidden) -> dict[str, list[Any]]:
    """What the history says about secrets that were found: which kinds, and never the values."""
    kinds = sorted({found.kind.value for each in hidden for found in each.found})
    return {"hidden": [None, kinds]} if kinds else {}


def keep(
    session: Session,
    actor: User,
    ticket: Ticket,
    *,
    message: Message | None = None,
    **fields: Hidden,
) -> None:
    """Keep what was hidden in each field, for those who have a reason to look."""
    for field, hidden in fields.items():
        for found in hidden.found:
            session.add(
                Secret(
                    ticket=ticket,
                    message=message,
                    field=field,
                    position=found.position,
                    kind=found.kind,
                    value=found.value,
                    author_id=actor.id,
                    created_at=clock.now(),
                )
            )


def show(session: Session, actor: User, ticket: Ticket, *, secret_id: int) -> tuple[Secret, Event]:
    """The secret with its value, and the line in the history that the actor has seen it."""
    policy.require(actor, "show_secret")
    secret = _get(session, actor, ticket, secret_id)
    if secret.value is None:
        raise TicketError(_("That has been wiped. Nobody can see it any more."), status=410)
    seen = {"secret": [None, secret.kind.value]}
    return secret, witness(session, actor, ticket, Kind.SECRET_SHOWN, told=seen)


def wipe(session: Session, actor: User, ticket: Ticket, *, secret_id: int) -> Event | None:
    """Forget the secret for good. A worker may, and whoever wrote it."""
    secret = _get(session, actor, ticket, secret_id)
    if secret.author_id != actor.id and not policy.may(actor, "wipe_secret"):
        raise NotAllowed
    if secret.value is None:
        return None
    secret.value = None
    return record(
        session,
        actor,
        ticket,
        Kind.SECRET_WIPED,
        internal=bool(secret.message and secret.message.internal),
        told={"secret": [secret.kind.value, None]},
    )


def _get(session: Session, actor: User, ticket: Ticket, secret_id: int) -> Secret:
    """The secret, if it is on this ticket and not in a note that the actor may not read."""
    secret = session.scalar(
        select(Secret).where(Secret.id == secret_id, Secret.ticket_id.in_(family(session, ticket)))
    )
    if secret is None:
        raise NotThere
    if secret.message and secret.message.internal and not policy.may(actor, "see_all"):
        raise NotThere
    return secret
