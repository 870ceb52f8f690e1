"""The worker's list: tabs, sorting, filters and search, flat to a million tickets.

A page is found in two steps: the ids from a narrow index, then the rows of those ids. Nothing
is counted further than 1001, and no description is ever read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, literal, select, union_all
from sqlalchemy.orm import Session, aliased

from console.models import Status, Ticket, User
from console.tickets import search
from console.tickets.queries import assignee, capped_count, requester, visible_to

UNASSIGNED, MINE, OPEN, IN_PROGRESS, CLOSED, ALL = TABS = (
    "unassigned",
    "mine",
    "open",
    "in_progress",
    "closed",
    "all",
)
SORTS = ("id", "title", "requester", "status", "assignee", "created_at", "updated_at")
PAGE_MAX = 50_000


@dataclass(frozen=True)
class Listing:
    """What a worker asks to see: a tab, conditions on top of it, an order and a page."""

    actor: User
    tab: str = ALL
    conditions: Sequence[ColumnElement[bool]] = ()
    search: str = ""
    sort: str = "id"
    descending: bool = True
    page: int = 0
    size: int = 20

    @property
    def offset(self) -> int:
        return min(max(self.page, 0), PAGE_MAX) * self.size


@dataclass(frozen=True)
class Page:
    """The rows of one page, and whether another follows."""

    rows: Sequence[Any]
    has_next: bool


# The conditions of a tab, each an equality that an index begins with. «me» is the actor.
IN_TAB: dict[str, list[ColumnElement[bool]]] = {
    UNASSIGNED: [Ticket.assignee_id.is_(None), Ticket.status == Status.OPEN],
    MINE: [
        Ticket.assignee_id == bindparam("me", type_=Integer),
        Ticket.status.in_((Status.OPEN, Status.IN_PROGRESS)),
    ],
    OPEN: [Ticket.status == Status.OPEN],
    IN_PROGRESS: [Ticket.status == Status.IN_PROGRESS],
    CLOSED: [Ticket.status == Status.CLOSED],
    ALL: [],
}

# Made once: putting a statement together costs more than the database takes to answer it.
COUNTS = select(*(capped_count(select(Ticket.id).where(*IN_TAB[tab])).label(tab) for tab in TABS))
ROWS = (
    select(
        Ticket.id,
        Ticket.title,
        Ticket.status,
        Ticket.assignee_id,
        Ticket.version,
        Ticket.created_at,
        Ticket.updated_at,
        requester.username.label("requester"),
        assignee.username.label("assignee"),
    )
    .join(requester, Ticket.requester_id == requester.id)
    .outerjoin(assignee, Ticket.assignee_id == assignee.id)
    .where(Ticket.id.in_(bindparam("ids", expanding=True)))
)


def tab_counts(session: Session, worker: User) -> dict[str, int]:
    """How many tickets each tab of a worker holds, none counted beyond COUNT_MAX; one statement."""
    return dict(session.execute(COUNTS, {"me": worker.id}).one()._mapping)


def page(session: Session, listing: Listing) -> Page:
    """The page that was asked for."""
    ids = find_ids(session, listing, listing.offset, listing.size + 1)
    return Page(rows(session, ids[: listing.size]), len(ids) > listing.size)


def find_ids(session: Session, listing: Listing, offset: int, limit: int) -> list[int]:
    """The ids of a stretch of the list, in its order."""
    if not listing.search:
        return list(session.scalars(_ordered(session, listing, None, offset, limit)))
    question = search.Question(session, listing.search)
    hits = question.hits()
    if hits is None:
        return []
    if listing.sort == "id" and listing.descending:
        recent = question.newest_hits()
        if recent is not None:
            found = list(session.scalars(_ordered(session, listing, recent, offset, limit)))
            if len(found) == limit:
                return found
    return list(session.scalars(_ordered(session, listing, hits, offset, limit)))


def rows(session: Session, ids: Sequence[int]) -> list[Any]:
    """What the list shows of these tickets, in the order of the ids."""
    if not ids:
        return []
    found = session.execute(ROWS, {"ids": list(ids)})
    by_id = {row.id: row for row in found}
    return [by_id[id_] for id_ in ids if id_ in by_id]


def _ordered(
    session: Session, listing: Listing, hits: Select[Any] | None, offset: int, limit: int
) -> Select[Any]:
    """The SELECT of the ids, in an order that an index gives."""
    ids = visible_to(listing.actor).with_only_columns(Ticket.id)
    ids = ids.where(*IN_TAB[listing.tab], *listing.conditions).params(me=listing.actor.id)
    if hits is not None:
        ids = ids.where(Ticket.id.in_(select(hits.subquery().c.id)))
    if listing.sort in ("requester", "assignee"):
        return _by_person(session, ids, listing, offset, limit)
    column: Any = getattr(Ticket, listing.sort)
    backwards = listing.descending
    if listing.sort == "status":
        # Ascending is the way of a ticket, åpen to lukket; the alphabet runs the other way.
        backwards = not backwards
    order: list[Any] = [column] if listing.sort == "id" else [column, Ticket.id]
    return (
        ids.order_by(*(part.desc() if backwards else part.asc() for part in order))
        .offset(offset)
        .limit(limit)
    )


def _by_person(
    session: Session, ids: Select[Any], listing: Listing, offset: int, limit: int
) -> Select[Any]:
    """Tickets in the order of a person's name, each person's by number; nobody's come last.

    The people are read in the order of the index on their names, and each one's tickets from
    the index on theirs, so that no more is read than is shown. For that MariaDB must begin
    with the people (STRAIGHT_JOIN) and be asked for no order within one person's tickets:
    the index gives them by number.
    """
    person = aliased(User)
    owner = Ticket.requester_id if listing.sort == "requester" else Ticket.assignee_id
    by_name = person.username.desc() if listing.descending else person.username.asc()
    people: list[Any] = [by_name, person.id.desc() if listing.descending else person.id.asc()]
    reach = offset + limit
    named = (
        ids.with_only_columns(Ticket.id, person.username.label("name"), literal(0).label("nobody"))
        .select_from(person)
        .join(Ticket, owner == person.id)
        .prefix_with("STRAIGHT_JOIN", dialect="mysql")
        .order_by(*people)
        .limit(reach)
    )
    if listing.sort == "assignee":
        # A few dozen of perhaps thousands: the others need not be asked for their tickets.
        handlers = session.scalars(select(Ticket.assignee_id).distinct()).all()
        named = named.where(person.id.in_(handlers))
    parts = [named]
    if listing.sort == "assignee":
        parts.append(
            ids.add_columns(literal("").label("name"), literal(1).label("nobody"))
            .where(owner.is_(None))
            .order_by(Ticket.id)
            .limit(reach)
        )
    both = union_all(*(select(part.subquery()) for part in parts)).subquery()
    name = both.c.name.desc() if listing.descending else both.c.name.asc()
    return select(both.c.id).order_by(both.c.nobody, name, both.c.id).offset(offset).limit(limit)
