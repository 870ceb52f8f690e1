"""Presence: who has a ticket open and who is writing on it, as of the last few seconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import String, delete, insert, select, type_coerce, update
from sqlalchemy.orm import Session

from console import clock
from console.models import Draft, Presence, Ticket, User
from console.tickets.family import family

# Who has not been heard of for so long is gone; a page says every 8 seconds that it is open.
GONE = timedelta(seconds=20)
FORGOTTEN = timedelta(days=1)
DRAFT_FRESH = timedelta(days=3)


@dataclass(frozen=True)
class Seen:
    """One person on a ticket, and what he does there."""

    name: str
    is_writing: bool = False
    has_draft: bool = False


def touch(session: Session, actor: User, ticket: Ticket, *, writing: bool) -> None:
    """Note that the actor has the ticket open now, and whether he is writing."""
    moment = clock.now()
    values = {"seen_at": moment, "typing_at": moment if writing else None}
    own = (Presence.ticket_id == ticket.id, Presence.user_id == actor.id)
    connection = session.connection()
    if not connection.execute(update(Presence).where(*own).values(values)).rowcount:
        first = {"ticket_id": ticket.id, "user_id": actor.id, **values}
        connection.execute(insert(Presence).values(first))


def leave(session: Session, actor: User, ticket: Ticket) -> None:
    """Note that the actor has closed the page."""
    own = (Presence.ticket_id == ticket.id, Presence.user_id == actor.id)
    session.execute(
        update(Presence).where(*own).values(seen_at=clock.now() - FORGOTTEN, typing_at=None)
    )


def others(session: Session, actor: User, ticket: Ticket) -> list[Seen]:
    """Who else is here, those who write first, and then who has only left a draft here."""
    here = session.execute(
        select(User.username, Presence.typing_at.is_not(None).label("writing"))
        .join(User, User.id == Presence.user_id)
        .where(
            Presence.ticket_id == ticket.id,
            Presence.user_id != actor.id,
            Presence.seen_at > clock.now() - GONE,
        )
        .order_by(Presence.typing_at.is_(None), User.username)
        .limit(20)
    ).all()
    seen = [Seen(row.username, is_writing=bool(row.writing)) for row in here]
    names = {person.name for person in seen}
    return seen + [
        Seen(name, has_draft=True) for name in _with_drafts(session, actor, ticket)
        if name not in names
    ]  # fmt: skip


def sweep(session: Session) -> int:
    """Forget who was where yesterday; answers how many."""
    long_ago = Presence.seen_at < clock.now() - FORGOTTEN
    return session.connection().execute(delete(Presence).where(long_ago)).rowcount


def _with_drafts(session: Session, actor: User, ticket: Ticket) -> Sequence[str]:
    """Who else has begun an answer here and not sent it. What it says is nobody's business."""
    places = [f"{kind}:{n}" for kind in ("reply", "note") for n in family(session, ticket)]
    return session.scalars(
        select(User.username)
        .distinct()
        .select_from(Draft)
        .join(User, User.id == Draft.author_id)
        .where(
            Draft.place.in_(places),
            Draft.author_id != actor.id,
            Draft.updated_at > clock.now() - DRAFT_FRESH,
            type_coerce(Draft.fields, String) != "{}",
        )
        .order_by(User.username)
        .limit(20)
    ).all()
