"""The worker's list: views, sorting, filters and search, flat to a million tickets.

A page is found in two steps: the ids from a narrow index, then the rows of those ids. Nothing
is counted further than 1001, and no description is ever read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, literal, select, union_all
from sqlalchemy.orm import Session, aliased

from console.models import Category, Organisation, Status, Tag, Ticket, TicketTag, User
from console.tickets import ready, search
from console.tickets.queries import assignee, capped_count, requester, visible_to

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
    # How many tickets the view has, as far as they were counted; None when they were not.
    count: int | None = None
    timezone: str = "Europe/Oslo"
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


ROWS = (
    select(
        Ticket.id,
        Ticket.title,
        Ticket.status,
        Ticket.assignee_id,
        Ticket.version,
        Ticket.created_at,
        Ticket.updated_at,
        Ticket.priority,
        Ticket.channel,
        Ticket.waiting_until,
        Ticket.waiting_for,
        Ticket.due_at,
        Ticket.last_public_by,
        Ticket.merged_into_id,
        requester.username.label("requester"),
        assignee.username.label("assignee"),
        Organisation.name.label("organisation"),
        Organisation.critical.label("critical"),
        Category.name.label("category"),
    )
    .join(requester, Ticket.requester_id == requester.id)
    .outerjoin(assignee, Ticket.assignee_id == assignee.id)
    .outerjoin(Organisation, Ticket.organisation_id == Organisation.id)
    .outerjoin(Category, Ticket.category_id == Category.id)
    .where(Ticket.id.in_(bindparam("ids", expanding=True)))
)


TAGGED = ROWS.add_columns(
    select(func.group_concat(Tag.name))
    .join(TicketTag)
    .where(TicketTag.ticket_id == Ticket.id)
    .correlate(Ticket)
    .scalar_subquery()
    .label("tags")
)


def page(session: Session, listing: Listing, *, tagged: bool = False) -> Page:
    """The page that was asked for; its rows have tags when they are to be shown."""
    ids = find_ids(session, listing, listing.offset, listing.size + 1)
    return Page(rows(session, ids[: listing.size], tagged=tagged), len(ids) > listing.size)


def count(session: Session, listing: Listing) -> int:
    """How many tickets the listing has without its search, counted no further than COUNT_MAX."""
    ids = visible_to(listing.actor).where(*ready.IN_TAB[listing.tab], *listing.conditions)
    number = select(capped_count(ids)).params(**ready.moments(listing.actor, listing.timezone))
    return session.scalar(number) or 0


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


def rows(session: Session, ids: Sequence[int], *, tagged: bool = False) -> list[Any]:
    """What the list shows of these tickets, in the order of the ids."""
    if not ids:
        return []
    found = session.execute(TAGGED if tagged else ROWS, {"ids": list(ids)})
    by_id = {row.id: row for row in found}
    return [by_id[id_] for id_ in ids if id_ in by_id]


def _ordered(
    session: Session, listing: Listing, hits: Select[Any] | None, offset: int, limit: int
) -> Select[Any]:
    """The SELECT of the ids, in an order that an index gives, or put in order if they are few."""
    ids = visible_to(listing.actor).with_only_columns(Ticket.id)
    ids = ids.where(*ready.IN_TAB[listing.tab], *listing.conditions)
    if hits is not None:
        ids = ids.where(Ticket.id.in_(select(hits.subquery().c.id)))
    if listing.sort in ("id", "created_at"):  # tickets get their numbers as they are created
        ids = ids.order_by(_way(Ticket.id, listing)).offset(offset).limit(limit)
    elif listing.tab != ready.ALL and listing.count is not None and listing.count <= SMALL:
        ids = _few(ids, listing, offset, limit)
    elif listing.sort in ("requester", "assignee"):
        ids = _by_person(session, ids, listing, offset, limit)
    elif listing.sort == "due_at":
        ids = _by_due(ids, listing, offset, limit)
    else:
        if listing.sort == "status" and listing.tab in ready.OF_OPEN:
            # The index on the status has the open ones side by side.
            ids = ids.where(Ticket.status.in_((Status.OPEN, Status.IN_PROGRESS)))
        order = (_way(getattr(Ticket, listing.sort), listing), _way(Ticket.id, listing))
        ids = ids.order_by(*order).offset(offset).limit(limit)
    return ids.params(**ready.moments(listing.actor, listing.timezone))


def _way(column: Any, listing: Listing) -> Any:
    """The column in the direction that was asked for."""
    # Ascending is the way of a ticket, åpen to lukket; the alphabet runs the other way.
    backwards = listing.descending != (listing.sort == "status")
    return column.desc() if backwards else column.asc()


def _few(ids: Select[Any], listing: Listing, offset: int, limit: int) -> Select[Any]:
    """The order of a few tickets: found by the index of their view, then sorted."""
    found = ids.limit(SMALL).subquery()
    chosen = select(found.c.id).join(Ticket, Ticket.id == found.c.id)
    if listing.sort in ("requester", "assignee"):
        person = aliased(User)
        owner = Ticket.requester_id if listing.sort == "requester" else Ticket.assignee_id
        column: Any = person.username
        chosen = chosen.outerjoin(person, owner == person.id)
        then = Ticket.id.asc()
    else:
        column, then = getattr(Ticket, listing.sort), _way(Ticket.id, listing)
    # Nobody's, and what is never due, comes last either way.
    return (
        chosen.order_by(column.is_(None), _way(column, listing), then).offset(offset).limit(limit)
    )


def _by_due(ids: Select[Any], listing: Listing, offset: int, limit: int) -> Select[Any]:
    """Tickets in the order of their due date; those without one last, the newest of them first.

    Only open tickets have one: the index on the open ones gives the order.
    """
    reach = offset + limit
    dated = (
        ids.add_columns(Ticket.due_at.label("due"), literal(0).label("never"))
        .where(ready.OPEN, Ticket.due_at.is_not(None))
        .order_by(_way(Ticket.due_at, listing), _way(Ticket.id, listing))
        .limit(reach)
    )
    others = (
        ids.add_columns(literal(None).label("due"), literal(1).label("never"))
        .where(Ticket.due_at.is_(None))
        .order_by(_way(Ticket.id, listing))
        .limit(reach)
    )
    both = union_all(*(select(part.subquery()) for part in (dated, others))).subquery()
    return (
        select(both.c.id)
        .order_by(both.c.never, _way(both.c.due, listing), _way(both.c.id, listing))
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
