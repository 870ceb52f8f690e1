"""What a list that stays open asks: whether anything has changed, and what of its own."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from console.models import Ticket, User
from console.tickets import ready
from console.tickets.listing import Listing
from console.tickets.queries import capped_count

# A change has its time before it is committed, and comes to light after younger ones: so the
# newest alone would not do. It is told as long as it is among so many of the latest.
LATEST = 100

# From the index alone; what is not in it would make MariaDB sort all tickets.
_latest = (
    select(Ticket.id, Ticket.updated_at)
    .order_by(Ticket.updated_at.desc(), Ticket.id.desc())
    .limit(LATEST)
    .subquery()
)


def _last_passed(moment: Any) -> Any:
    """The latest such moment of an open ticket that has come."""
    passed = select(moment).where(ready.OPEN, moment <= ready.NOW)
    return passed.order_by(moment.desc()).limit(1).scalar_subquery()


STATE = select(
    select(func.max(Ticket.id)).scalar_subquery().label("newest"),
    func.max(_latest.c.updated_at),
    func.sum(_latest.c.id),
    func.sum(Ticket.version),
    # By the clock alone tickets become due and awake; each time one of these moves on.
    _last_passed(Ticket.due_at),
    _last_passed(Ticket.waiting_until),
).join_from(_latest, Ticket, Ticket.id == _latest.c.id)


@dataclass(frozen=True)
class State:
    """All tickets in a word that is another after each change, and the newest number."""

    tag: str
    newest: int


def state(session: Session, worker: User, timezone: str) -> State:
    """How the tickets stand for this worker now; one statement on the ends of four indexes."""
    moments = ready.moments(worker, timezone)
    row = session.execute(STATE, moments).one()
    # Midnight empties a view and makes of today's times yesterday's.
    words = (worker.id, moments["midnight"], *row)
    return State(hashlib.sha256(repr(words).encode()).hexdigest()[:24], row.newest or 0)


def count_new(
    session: Session, listing: Listing, *, shown: Collection[int], newest: int | None
) -> int:
    """How many tickets the view has got since it was shown, to COUNT_MAX at the most.

    Those above the newest number; or where the whole view was shown (`newest` is None), all
    that are not in it: what was handed on, has woken or become due is new there as well.
    """
    since = Ticket.id.not_in(shown) if newest is None else Ticket.id > newest
    ids = listing.in_view().where(since)
    return session.scalar(select(capped_count(ids)).params(**listing.moments())) or 0


def gone(session: Session, listing: Listing, shown: Sequence[int]) -> list[int]:
    """Those of the tickets shown that do not belong into the view any more."""
    if not shown or (listing.tab == ready.ALL and not listing.conditions):
        return []
    ids = listing.in_view().with_only_columns(Ticket.id).where(Ticket.id.in_(shown))
    still = set(session.scalars(ids, listing.moments()))
    return [number for number in shown if number not in still]
