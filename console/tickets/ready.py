"""The ready views: what belongs into each, and how many tickets that is.

Whose turn it is follows from who said the last public thing, never from the status; and what
was put aside is awake when its date has passed, with nobody to wake it.
"""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, bindparam, or_, select
from sqlalchemy.orm import Session

from console import clock
from console.models import Priority, Side, Ticket, User
from console.models.base import UTCDateTime
from console.tickets.queries import capped_count, requester

(
    UNASSIGNED,
    MINE,
    WAITING_FOR_US,
    WAITING_FOR_REQUESTER,
    DUE,
    PUT_ASIDE,
    HIGH,
    CLOSED_TODAY,
    ALL,
) = TABS = (
    "unassigned",
    "mine",
    "waiting_for_us",
    "waiting_for_requester",
    "due",
    "put_aside",
    "high",
    "closed_today",
    "all",
)
# Those whose tickets are all open: there the order comes from the indexes on the open ones.
OF_OPEN = (UNASSIGNED, MINE, WAITING_FOR_US, WAITING_FOR_REQUESTER, DUE, PUT_ASIDE, HIGH)

OPEN = Ticket.closed_at.is_(None)
ME = bindparam("me", type_=Integer)
NOW, MIDNIGHT = (bindparam(name, type_=UTCDateTime()) for name in ("now", "midnight"))
AWAKE = or_(Ticket.waiting_until.is_(None), Ticket.waiting_until <= NOW)

# The conditions of a view, the first of them such that an index begins with it.
IN_TAB: dict[str, list[ColumnElement[bool]]] = {
    UNASSIGNED: [Ticket.assignee_id.is_(None), OPEN],
    MINE: [Ticket.assignee_id == ME, OPEN],
    WAITING_FOR_US: [OPEN, Ticket.last_public_by == Side.REQUESTER, AWAKE],
    WAITING_FOR_REQUESTER: [OPEN, Ticket.last_public_by == Side.US],
    DUE: [OPEN, Ticket.due_at <= NOW],
    PUT_ASIDE: [OPEN, Ticket.waiting_until > NOW],
    HIGH: [OPEN, Ticket.priority == Priority.HIGH],
    CLOSED_TODAY: [Ticket.closed_at >= MIDNIGHT],
    ALL: [],
}

# Made once: putting a statement together costs more than the database takes to answer it. All
# tickets are not counted: there are always more than one wants to know.
COUNTED = TABS[:-1]
COUNTS = select(
    *(capped_count(select(Ticket.id).where(*IN_TAB[tab])).label(tab) for tab in COUNTED)
)
# So many of a view on the first page, where these two are.
GLANCE = 8
OLDEST = {
    tab: select(
        Ticket.id,
        Ticket.title,
        Ticket.status,
        Ticket.created_at,
        Ticket.updated_at,
        requester.username.label("requester"),
    )
    # MariaDB would begin with the people, and read all tickets that they have.
    .prefix_with("STRAIGHT_JOIN", dialect="mysql")
    .join(requester, Ticket.requester_id == requester.id)
    .where(*IN_TAB[tab])
    .order_by(Ticket.id)
    .limit(GLANCE)
    for tab in (UNASSIGNED, MINE)
}


def moments(worker: User, timezone: str) -> dict[str, Any]:
    """What the conditions of the views stand for now: who asks, the time, the day's beginning."""
    now = clock.now()
    zone = ZoneInfo(timezone)
    midnight = datetime.combine(now.astimezone(zone).date(), time(), zone)
    return {"me": worker.id, "now": now, "midnight": midnight}


def counts(session: Session, worker: User, timezone: str) -> dict[str, int]:
    """How many tickets each view but ALL holds, to COUNT_MAX at the most; one statement."""
    return dict(session.execute(COUNTS, moments(worker, timezone)).one()._mapping)


def at_a_glance(session: Session, worker: User) -> dict[str, Sequence[Any]]:
    """What a worker wants to see first: the oldest that nobody has, and of his own."""
    me = {"me": worker.id}
    return {tab: session.execute(rows, me).all() for tab, rows in OLDEST.items()}
