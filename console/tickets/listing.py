"""The worker's list: views, sorting, filters and search, flat to a million tickets.

A page is found in two steps: the ids from a narrow index, then the rows of those ids. Nothing
is counted further than 1001, and no description is ever read.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    bindparam,
    join,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from console.models import Status, Ticket, User
from console.tickets import columns, policy, ready, search
from console.tickets.columns import Names
from console.tickets.queries import capped_count, visible_to

SORTS = (
    "id", "title", "requester", "priority", "status", "assignee", "due_at", "created_at",
    "updated_at",
)  # fmt: skip
# Up to so many tickets of a view are put in order one by one; more come from an index in order.
SMALL = 1000
PAGE_MAX = 50_000


@dataclass(frozen=True)
class Listing:
    """What a worker asks to see: a view, conditions on top of it, an order and a page."""

    actor: User
    tab: str = ready.ALL
    conditions: Sequence[ColumnElement[bool]] = ()
    search: str = ""
    sort: str = "id"
    descending: bool = True
    # A search: the best answers first, whatever the sort.
    best: bool = False
    # How many tickets the view has, as far as they were counted; None when they were not.
    count: int | None = None
    timezone: str = "Europe/Oslo"
    page: int = 0
    size: int = 20
    # Pages are counted from the end of the list.
    from_end: bool = False

    @property
    def has_end(self) -> bool:
        """Whether the order can be read from its end: nobody's and undated ones come last there."""
        return not self.search and self.sort not in ("requester", "assignee", "due_at")

    @property
    def by_number(self) -> bool:
        """Whether the order is that of the numbers; tickets get theirs as they are created."""
        return self.sort in ("id", "created_at")

    @property
    def offset(self) -> int:
        return min(max(self.page, 0), PAGE_MAX) * self.size

    def in_view(self) -> Select[Any]:
        """The tickets of the view and its conditions, whatever is searched for among them."""
        return visible_to(self.actor).where(*ready.IN_TAB[self.tab], *self.conditions)

    def moments(self) -> dict[str, Any]:
        """What the names in in_view() stand for."""
        return ready.moments(self.actor, self.timezone)


@dataclass(frozen=True)
class Page:
    """The rows of one page, and whether another follows."""

    rows: Sequence[Any]
    has_next: bool


SKIP, MOST, REACH = (bindparam(name, type_=Integer) for name in ("skip", "most", "reach"))
HANDLERS = select(Ticket.assignee_id).where(Ticket.assignee_id.is_not(None)).distinct()


def page(session: Session, listing: Listing, shown: Collection[str] = ()) -> Page:
    """The page that was asked for; its rows have those of the EXTRA columns that are shown.

    From the end it is the first one of the opposite order, and `has_next` says whether there is
    one before it.
    """
    if listing.from_end:
        other = replace(listing, descending=not listing.descending, from_end=False)
        found_last = page(session, other, shown)
        return Page(found_last.rows[::-1], found_last.has_next)
    most = listing.size + 1
    if listing.by_number and _is_usual(listing):
        found = _newest(session, listing, columns.extra(shown))
        return Page(found[: listing.size], len(found) == most)
    ids = find_ids(session, listing, listing.offset, most)
    return Page(rows(session, ids[: listing.size], shown), len(ids) == most)


def count(session: Session, listing: Listing) -> int:
    """How many tickets the listing has without its search, counted no further than COUNT_MAX."""
    number = select(capped_count(listing.in_view())).params(**listing.moments())
    return session.scalar(number) or 0


def find_ids(session: Session, listing: Listing, offset: int, limit: int) -> list[int]:
    """The ids of a stretch of the list, in its order."""
    if not listing.search:
        return _found(session, listing, _ordered(listing, None), offset, limit)
    question = search.Question(session, listing.actor, listing.search)
    if not question.words:
        return []
    if not listing.best:
        return _hits(session, listing, question, offset, limit)
    newest = replace(listing, sort="id", descending=True)
    first = _hits(session, newest, question, 0, search.BEST_OF)
    best = question.best_first(first)[offset : offset + limit]
    if len(best) == limit or len(first) < search.BEST_OF:
        return best
    beyond = max(offset, search.BEST_OF)
    return best + _hits(session, newest, question, beyond, limit - len(best))


def _hits(
    session: Session, listing: Listing, question: search.Question, offset: int, limit: int
) -> list[int]:
    """A stretch of the tickets of the list that answer the question."""
    if not (listing.by_number and listing.descending):
        if _is_short(listing):
            return _among(session, listing, question)[offset : offset + limit]
        hits = question.to_sort()
        return _found(session, listing, _ordered(listing, hits.ids), offset, limit, hits.values)
    is_all = listing.tab == ready.ALL and not listing.conditions
    found: list[int] = []
    for hits in question.stretches():
        most = offset + limit - len(found)
        if is_all:
            found += hits.newest(session, most)
        else:
            found += _found(session, listing, _ordered(listing, hits.ids), 0, most, hits.values)
        if len(found) == offset + limit:
            break
        if _is_short(listing):
            return _among(session, listing, question)[offset : offset + limit]
    return found[offset:]


def _among(session: Session, listing: Listing, question: search.Question) -> list[int]:
    """Those tickets of a short list that answer the question, looked at one by one."""
    return question.among(_found(session, listing, _ordered(listing, None), 0, SMALL))


def rows(session: Session, ids: Sequence[int], shown: Collection[str] = ()) -> list[Any]:
    """The rows of these tickets, as page() has them, in the order of the ids."""
    if not ids:
        return []
    found = session.execute(_rows_of(columns.extra(shown)), {"ids": list(ids)})
    by_id = {row.id: row for row in found}
    return [by_id[id_] for id_ in ids if id_ in by_id]


@cache
def _rows_of(names: Names) -> Select[Any]:
    """The SELECT of rows(), made once."""
    return columns.of(Ticket, names).where(Ticket.id.in_(bindparam("ids", expanding=True)))


def _found(
    session: Session,
    listing: Listing,
    ids: Select[Any],
    skip: int,
    most: int,
    more: dict[str, Any] | None = None,
) -> list[int]:
    """The ids that such a SELECT gives; `more` are values of the names in a search."""
    values = _values(session, listing, skip, most) | (more or {})
    return list(session.scalars(ids, values))


def _is_usual(listing: Listing) -> bool:
    """Whether it is a view as every worker has it, for which the statements are made already."""
    asks_more = listing.search or listing.conditions
    return not asks_more and policy.may(listing.actor, "see_all")


def _values(session: Session, listing: Listing, skip: int, most: int) -> dict[str, Any]:
    """What the names in the statements stand for."""
    values: dict[str, Any] = {"skip": skip, "most": most, "reach": skip + most}
    if listing.sort == "assignee":
        # A few dozen of perhaps thousands: the others need not be asked for their tickets.
        values["handlers"] = session.scalars(HANDLERS).all()
    return values | listing.moments()


def _is_short(listing: Listing) -> bool:
    """Whether it is known to be of a view with few tickets."""
    return listing.tab != ready.ALL and listing.count is not None and listing.count <= SMALL


def _ordered(listing: Listing, hits: Select[Any] | None) -> Select[Any]:
    """The SELECT of the ids, in an order that an index gives, or put in order if they are few."""
    few = _is_short(listing)
    if hits is None and _is_usual(listing):
        return _usual(listing.tab, listing.sort, listing.descending, few)
    ids = visible_to(listing.actor).with_only_columns(Ticket.id).where(*listing.conditions)
    if hits is not None:
        ids = ids.where(Ticket.id.in_(select(hits.subquery().c.id)))
    return _in_order(ids, listing.tab, listing.sort, listing.descending, few)


@cache
def _usual(tab: str, sort: str, descending: bool, few: bool) -> Select[Any]:
    """The SELECT of a view as it is, made once: that takes longer than to answer it."""
    return _in_order(select(Ticket.id), tab, sort, descending, few)


def _in_order(ids: Select[Any], tab: str, sort: str, descending: bool, few: bool) -> Select[Any]:
    """These tickets' ids, those of the view, in the order asked for."""
    ids = ids.where(*ready.IN_TAB[tab])
    way = partial(_way, sort=sort, descending=descending)
    if sort in ("id", "created_at"):
        return ids.order_by(way(Ticket.id)).offset(SKIP).limit(MOST)
    if few:
        return _few(ids, sort, way)
    if sort in ("requester", "assignee"):
        return _by_person(ids, sort, way)
    if sort == "due_at":
        return _by_due(ids, way)
    if sort == "status" and tab in ready.OF_OPEN:
        # The index on the status has the open ones side by side.
        ids = ids.where(Ticket.status.in_((Status.OPEN, Status.IN_PROGRESS)))
    return ids.order_by(way(getattr(Ticket, sort)), way(Ticket.id)).offset(SKIP).limit(MOST)


def _newest(session: Session, listing: Listing, names: Names) -> list[Any]:
    """The rows of a view by number, in one statement: ids first, and then their rows."""
    statement = _newest_rows(listing.tab, listing.descending, names)
    values = _values(session, listing, listing.offset, listing.size + 1)
    found = session.execute(statement, values).all()
    return sorted(found, key=attrgetter("id"), reverse=listing.descending)


@cache
def _newest_rows(tab: str, descending: bool, names: Names) -> Select[Any]:
    """The SELECT of _newest(), made once."""
    ids = _in_order(select(Ticket.id), tab, "id", descending, few=False).subquery()
    tickets = join(ids, Ticket, Ticket.id == ids.c.id)
    # Without the hint MariaDB may begin with the people, and read all tickets that they have.
    return columns.of(tickets, names).prefix_with("STRAIGHT_JOIN", dialect="mysql")


def _way(column: Any, *, sort: str, descending: bool) -> Any:
    """The column in the direction that was asked for."""
    # Ascending is the way of a ticket, åpen to lukket; the alphabet runs the other way.
    return column.desc() if descending != (sort == "status") else column.asc()


def _few(ids: Select[Any], sort: str, way: Callable[[Any], Any]) -> Select[Any]:
    """The order of a few tickets: found by the index of their view, then sorted."""
    found = ids.limit(SMALL).subquery()
    chosen = select(found.c.id).join(Ticket, Ticket.id == found.c.id)
    if sort in ("requester", "assignee"):
        person = aliased(User)
        column: Any = person.username
        chosen = chosen.outerjoin(person, _owner(sort) == person.id)
        then = Ticket.id.asc()
    else:
        column, then = getattr(Ticket, sort), way(Ticket.id)
    # Nobody's, and what is never due, comes last either way.
    return chosen.order_by(column.is_(None), way(column), then).offset(SKIP).limit(MOST)


def _by_due(ids: Select[Any], way: Callable[[Any], Any]) -> Select[Any]:
    """Tickets in the order of their due date; those without one last.

    Only open tickets have one: the index on the open ones gives the order.
    """
    dated = (
        ids.add_columns(Ticket.due_at.label("due"), literal(0).label("never"))
        .where(ready.OPEN, Ticket.due_at.is_not(None))
        .order_by(way(Ticket.due_at), way(Ticket.id))
        .limit(REACH)
    )
    others = (
        ids.add_columns(literal(None).label("due"), literal(1).label("never"))
        .where(Ticket.due_at.is_(None))
        .order_by(way(Ticket.id))
        .limit(REACH)
    )
    both = union_all(*(select(part.subquery()) for part in (dated, others))).subquery()
    order = (both.c.never, way(both.c.due), way(both.c.id))
    return select(both.c.id).order_by(*order).offset(SKIP).limit(MOST)


def _owner(sort: str) -> Any:
    """The column of the person that the sort is about."""
    return Ticket.requester_id if sort == "requester" else Ticket.assignee_id


def _by_person(ids: Select[Any], sort: str, way: Callable[[Any], Any]) -> Select[Any]:
    """Tickets in the order of a person's name, each person's by number; nobody's come last.

    The people are read in the order of the index on their names, and each one's tickets from
    the index on theirs, so that no more is read than is shown. For that MariaDB must begin
    with the people (STRAIGHT_JOIN) and be asked for no order within one person's tickets:
    the index gives them by number.
    """
    person = aliased(User)
    owner = _owner(sort)
    named = (
        ids.with_only_columns(Ticket.id, person.username.label("name"), literal(0).label("nobody"))
        .select_from(person)
        .join(Ticket, owner == person.id)
        .prefix_with("STRAIGHT_JOIN", dialect="mysql")
        .order_by(way(person.username), way(person.id))
        .limit(REACH)
    )
    parts = [named]
    if sort == "assignee":
        parts = [
            named.where(person.id.in_(bindparam("handlers", expanding=True))),
            ids.add_columns(literal("").label("name"), literal(1).label("nobody"))
            .where(owner.is_(None))
            .order_by(Ticket.id)
            .limit(REACH),
        ]
    both = union_all(*(select(part.subquery()) for part in parts)).subquery()
    order = (both.c.nobody, way(both.c.name), both.c.id)
    return select(both.c.id).order_by(*order).offset(SKIP).limit(MOST)
