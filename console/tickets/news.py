"""What happened on a ticket while somebody had it open: checked when he sends, not locked before.

Nothing is refused while one writes. When one sends, and others have said or decided something
that one has not seen, the sending stops once, with the news; a changed field stops only the
one who wants to change the same field.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from console.models import Event, Ticket, User
from console.tickets import policy
from console.tickets.errors import Clash, Conflict, Stale
from console.tickets.events import Kind
from console.tickets.queries import ID_MAX

NEWS_MAX = 20
SAID = (Kind.REPLIED, Kind.NOTED)
# What one who writes an answer must know of first.
WEIGHTY = (*SAID, Kind.STATUS_CHANGED, Kind.TAKEN, Kind.RELEASED, Kind.ASSIGNED, Kind.FOLLOWED_UP)
# To a requester it makes no difference who has the ticket.
WEIGHTY_TO_REQUESTER = (Kind.REPLIED, Kind.STATUS_CHANGED)


def unseen(actor: User, ticket_id: int, seen: int | None) -> Select[Any]:
    """What others did to the ticket after the Event `seen`, as far as the actor may know of it."""
    is_worker = policy.may(actor, "see_all")
    kinds = WEIGHTY if is_worker else WEIGHTY_TO_REQUESTER
    seen = max(0, min(seen or 0, ID_MAX))
    after = select(Event.version).where(Event.id == seen, Event.ticket_id == ticket_id)
    if not is_worker:
        after = after.where(Event.internal.is_(False))  # an answer would tell that there is one
    events = select(Event).where(
        Event.ticket_id == ticket_id,
        Event.version > after.scalar_subquery(),
        Event.actor_id != actor.id,
        Event.kind.in_([kind.value for kind in kinds]),
    )
    return events if is_worker else events.where(Event.internal.is_(False))


def refuse_unseen(session: Session, actor: User, ticket: Ticket, seen: int | None) -> None:
    """Raise Stale, with the news, when something was said or decided after the Event `seen`."""
    if seen is None:
        return
    news = session.scalars(
        unseen(actor, ticket.id, seen)
        .order_by(Event.version)
        .limit(NEWS_MAX)
        .options(joinedload(Event.message), joinedload(Event.actor))
    ).all()
    if news:
        raise Stale(news)


def refuse_unread_answer(
    session: Session, actor: User, ticket: Ticket, version: int | None
) -> None:
    """Raise Stale when somebody else has written since that version: not a ticket to close yet."""
    if version is None or version >= ticket.version:
        return
    news = _others(session, ticket, version, [kind.value for kind in SAID], actor)
    if news:
        raise Stale(news)


def refuse_conflict(
    session: Session, ticket: Ticket, version: int | None, field: str, mine: Any
) -> None:
    """Raise Conflict when that field was changed since that version. Other fields may have been."""
    if version is None or version >= ticket.version:
        return
    changes = [
        event for event in _others(session, ticket, version, None, None) if field in event.changes
    ]
    if changes:
        old, theirs = changes[0].changes[field][0], changes[-1].changes[field][1]
        raise Conflict(Clash(field=field, old=old, theirs=theirs, mine=mine, event=changes[-1]))


def _others(
    session: Session, ticket: Ticket, version: int, kinds: list[str] | None, actor: User | None
) -> Sequence[Event]:
    events = select(Event).where(Event.ticket_id == ticket.id, Event.version > version)
    if kinds:
        events = events.where(Event.kind.in_(kinds))
    if actor:
        events = events.where(Event.actor_id != actor.id)
    return session.scalars(
        events.order_by(Event.version)
        .limit(200)
        .options(joinedload(Event.message), joinedload(Event.actor))
    ).all()
