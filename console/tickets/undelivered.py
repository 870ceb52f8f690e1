"""Somebody could not be reached about a ticket: whoever has it must find another way."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from console import clock
from console.models import TO_REQUESTERS, Delivery, Event, Kind, Ticket, User
from console.tickets import policy, triage
from console.tickets.events import record
from console.tickets.family import family, survivor_of


def undelivered(session: Session, actor: User, ticket: Ticket, delivery: Delivery) -> Event | None:
    """Write that a message did not reach the requester, and let the next step be due now.

    What waits for an answer to it is not put aside any longer. On a closed ticket it is written
    only. None for a message to somebody else, and for one that this was said of before.
    """
    policy.require(actor, "tell_undelivered")
    if delivery.topic not in TO_REQUESTERS:
        return None
    ticket = session.get_one(Ticket, survivor_of(session, ticket))
    if _is_told(session, ticket, delivery):
        return None
    told: dict[str, list[Any]] = {
        "recipient": [None, delivery.recipient],
        "reason": [None, delivery.error],
        "delivery": [None, delivery.id],
    }
    if ticket.waiting_until is not None:
        triage.end_waiting(session, actor, ticket)
    columns: dict[str, Any] = {}
    now = clock.now()
    if not ticket.is_closed and (ticket.due_at is None or ticket.due_at > now):
        # This tells that it is due; a reminder right after it would only be a second message.
        columns = {"due_at": now, "due_told": 2}
    return record(session, actor, ticket, Kind.UNDELIVERED, internal=True, told=told, **columns)


def _is_told(session: Session, ticket: Ticket, delivery: Delivery) -> bool:
    """Whether the history has that delivery already.

    Two who write it in the same moment clash in the ticket's version; the second looks again.
    """
    same = Event.changes["delivery"][1].as_integer() == delivery.id
    numbers = {*family(session, ticket), delivery.ticket_id or ticket.id}
    told = select(Event.id).where(
        Event.ticket_id.in_(numbers), Event.kind == Kind.UNDELIVERED.value, same
    )
    return session.scalar(told.limit(1)) is not None
