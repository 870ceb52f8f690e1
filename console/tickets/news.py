"""What happened on a ticket while somebody had it open: checked when he sends, not locked before.

Nothing is refused while one writes. When one sends, and others have said or decided something
that one has not seen, the sending stops once, with the news; a changed field stops only the
one who wants to change the same field.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from console.models import ID_MAX, Event, Kind, Message, Ticket, User
from console.tickets import policy
from console.tickets.errors import Clash, Conflict, Stale
from console.tickets.family import family

NEWS_MAX = 20
SAID = (Kind.REPLIED, Kind.NOTED)
# What one who writes an answer must know of first.
WEIGHTY = (
    *SAID, Kind.STATUS_CHANGED, Kind.TAKEN, Kind.RELEASED, Kind.ASSIGNED, Kind.FOLLOWED_UP,
    Kind.ABSORBED, Kind.GAVE_BACK, Kind.UNDELIVERED, Kind.TAKEN_BACK,
)  # fmt: skip
# Not a reply that was taken back: nobody needs to know what it said.
STANDS = ~(
    select(Message.id)
    .where(Message.event_id == Event.id, Message.withdrawn_at.is_not(None))
    .exists()
)
# Which kinds of Event can change a field.
CHANGED_BY: dict[str, tuple[Kind, ...]] = {
    "status": (Kind.STATUS_CHANGED, Kind.RELEASED, Kind.TAKEN_BACK),
    "assignee": (
        Kind.TAKEN, Kind.RELEASED, Kind.ASSIGNED, Kind.STATUS_CHANGED, Kind.TAKEN_BACK,
    ),
    "title": (Kind.RETITLED,),
    "priority": (Kind.PRIORITY_CHANGED,),
    "category": (Kind.CATEGORISED,),
    "waiting_until": (Kind.PUT_ASIDE, Kind.WOKEN),
    "due_at": (Kind.DUE_CHANGED, Kind.PUT_ASIDE, Kind.WOKEN, Kind.UNDELIVERED),
}  # fmt: skip
# To a requester it makes no difference who has the ticket.
WEIGHTY_TO_REQUESTER = (Kind.REPLIED, Kind.STATUS_CHANGED)


def unseen(actor: User, numbers: Sequence[int], seen: int | None) -> Select[Any]:
    """What others did after the Event `seen`, as far as the actor may know of it.

    `numbers` are those of a ticket's family. What happened on one ticket is ordered by its
    versions, and among several of them by time.
    """
    is_worker = policy.may(actor, "see_all")
    kinds = WEIGHTY if is_worker else WEIGHTY_TO_REQUESTER
    last = aliased(Event)
    known = [last.id == max(0, min(seen or 0, ID_MAX)), last.ticket_id.in_(numbers)]
    if not is_worker:
        known.append(last.internal.is_(False))  # an answer would tell that there is one
    events = (
        select(Event)
        .join(last, and_(*known))
        .where(
            Event.ticket_id.in_(numbers),
            or_(
                and_(Event.ticket_id == last.ticket_id, Event.version > last.version),
                and_(Event.ticket_id != last.ticket_id, Event.created_at > last.created_at),
            ),
            Event.actor_id != actor.id,
            Event.kind.in_([kind.value for kind in kinds]),
            STANDS,
        )
    )
    return events if is_worker else events.where(Event.internal.is_(False))


def refuse_unseen(session: Session, actor: User, ticket: Ticket, seen: int | None) -> None:
    """Raise Stale, with the news, when something was said or decided after the Event `seen`."""
    if seen is None:
        return
    numbers = family(session, ticket)
    order = (Event.version,) if len(numbers) == 1 else (Event.created_at, Event.id)
    news = session.scalars(
        unseen(actor, numbers, seen)
        .order_by(*order)
        .limit(NEWS_MAX)
        .options(joinedload(Event.message), joinedload(Event.actor))
    ).all()
    if news:
        raise Stale(_kept(session, news))


def refuse_moved(
    session: Session, actor: User, ticket: Ticket, number: int, version: int | None
) -> None:
    """Raise Stale with what others did since the page of a ticket that was merged into this one.

    `version` is what that page showed of the ticket `number`.
    """
    shown = select(Event.id).where(Event.ticket_id == number, Event.version == version)
    refuse_unseen(session, actor, ticket, session.scalar(shown))


def refuse_unread_answer(
    session: Session, actor: User, ticket: Ticket, version: int | None
) -> None:
    """Raise Stale when somebody else has written since that version: not a ticket to close yet.

    Or has merged another ticket into this one, with what was written there; or when what was
    answered has not reached its reader.
    """
    if version is None or version >= ticket.version:
        return
    said = _since(ticket, version, (*SAID, Kind.ABSORBED, Kind.UNDELIVERED)).where(
        Event.actor_id != actor.id, STANDS
    )
    news = session.scalars(
        said.limit(NEWS_MAX).options(joinedload(Event.message), joinedload(Event.actor))
    ).all()
    if news:
        raise Stale(_kept(session, news))


def refuse_conflict(
    session: Session, ticket: Ticket, version: int | None, field: str, mine: Any
) -> None:
    """Raise Conflict when that field was changed since that version. Other fields may have been."""
    if version is None or version >= ticket.version:
        return
    found = session.execute(
        _since(ticket, version, CHANGED_BY[field])
        .join(User, User.id == Event.actor_id)
        .with_only_columns(Event.changes, User.username)
    )
    changes = [(row.changes[field], row.username) for row in found if field in row.changes]
    if changes:
        (old, _next), ((_before, theirs), who) = changes[0][0], changes[-1]
        raise Conflict(Clash(field=field, old=old, theirs=theirs, mine=mine, who=who))


def seen_at(session: Session, ticket: Ticket, version: int | None) -> int | None:
    """The newest Event that a page of that version has shown; None when nothing came after."""
    if version is None or version >= ticket.version:
        return None
    return session.scalar(
        select(Event.id)
        .where(Event.ticket_id == ticket.id, Event.version <= version)
        .order_by(Event.version.desc())
        .limit(1)
    )


def _since(ticket: Ticket, version: int, kinds: Sequence[Kind]) -> Select[Any]:
    """What happened of these kinds after that version, in order."""
    return (
        select(Event)
        .where(
            Event.ticket_id == ticket.id,
            Event.version > version,
            Event.kind.in_([kind.value for kind in kinds]),
        )
        .order_by(Event.version)
    )


def _kept(session: Session, news: Sequence[Event]) -> Sequence[Event]:
    """The news as it was read: the refusal rolls back, and would have each row read again."""
    rows = {row for event in news for row in (event, event.message, event.actor) if row}
    for row in rows & set(session):
        session.expunge(row)
    return news
