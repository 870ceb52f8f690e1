"""The read side: what an actor may see, one ticket, its history, and short lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, String, func, select, type_coerce
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from console.models import WORK, Event, Role, Status, Ticket, User
from console.tickets import policy
from console.tickets.errors import NotThere

ID_MAX = 2**31 - 1
# Counting stops here; the screen says "1000+".
COUNT_MAX = 1001
HISTORY_PAGE = 50

requester, assignee = aliased(User), aliased(User)


def visible_to(actor: User) -> Select[Any]:
    """The tickets that the actor may know of: all of them, or those he asked for himself."""
    tickets = select(Ticket)
    if policy.may(actor, "see_all"):
        return tickets
    return tickets.where(Ticket.requester_id == actor.id)


def get_visible(session: Session, actor: User, ticket_id: int) -> Ticket:
    """The ticket with the names of its people. Raises NotThere when there is none to see."""
    ticket = None
    if 0 < ticket_id <= ID_MAX:
        ticket = session.scalar(
            visible_to(actor)
            .where(Ticket.id == ticket_id)
            .join(requester, Ticket.requester_id == requester.id)
            .outerjoin(assignee, Ticket.assignee_id == assignee.id)
            .options(
                contains_eager(Ticket.requester.of_type(requester)).lazyload(requester.role),
                contains_eager(Ticket.assignee.of_type(assignee)).lazyload(assignee.role),
            )
        )
    if ticket is None:
        raise NotThere
    return ticket


@dataclass(frozen=True)
class History:
    """A stretch of a ticket's history, oldest first, and whether there is more before it."""

    events: Sequence[Event]
    has_more: bool


def history(session: Session, ticket: Ticket, *, before: int | None = None) -> History:
    """The newest stretch of the history, or the one that ends before that version."""
    events = select(Event).where(Event.ticket_id == ticket.id)
    if before is not None:
        events = events.where(Event.version < max(0, min(before, ID_MAX)))
    found = session.scalars(
        events.order_by(Event.version.desc())
        .limit(HISTORY_PAGE + 1)
        .options(joinedload(Event.actor, innerjoin=True).lazyload(User.role))
    ).all()
    return History(found[:HISTORY_PAGE][::-1], len(found) > HISTORY_PAGE)


def own_tickets(session: Session, actor: User, *, page: int, size: int) -> Sequence[Any]:
    """One page of what the actor has asked for, newest first, and one row more if there is one."""
    return session.execute(
        select(
            Ticket.id,
            Ticket.title,
            Ticket.status,
            Ticket.updated_at,
            assignee.username.label("assignee"),
        )
        .outerjoin(assignee, Ticket.assignee_id == assignee.id)
        .where(Ticket.requester_id == actor.id)
        .order_by(Ticket.id.desc())
        .offset(page * size)
        .limit(size + 1)
    ).all()


WORKERS = (
    select(User.id, User.username)
    .where(
        User.role_name.in_(
            select(Role.name).where(type_coerce(Role.permissions, String).contains(WORK))
        ),
        User.active.is_(True),
    )
    .order_by(User.username)
    .limit(500)
)


def workers(session: Session) -> Sequence[Any]:
    """Those who may be given tickets, by name: rows of id and username."""
    return session.execute(WORKERS).all()


def capped_count(tickets: Select[Any]) -> Any:
    """How many there are, counted no further than COUNT_MAX: a column for a SELECT."""
    found = tickets.with_only_columns(Ticket.id).order_by(None).limit(COUNT_MAX)
    return select(func.count()).select_from(found.subquery()).scalar_subquery()


def at_a_glance(session: Session, actor: User) -> dict[str, Any]:
    """What a worker wants to see first: the oldest that nobody has, and what is his own."""
    columns = (Ticket.id, Ticket.title, Ticket.status, Ticket.created_at, Ticket.updated_at)
    with_names = (
        select(*columns, requester.username.label("requester"))
        .join(requester, Ticket.requester_id == requester.id)
        .limit(8)
    )
    return {
        "unassigned": session.execute(
            with_names.where(Ticket.assignee_id.is_(None), Ticket.status == Status.OPEN).order_by(
                Ticket.id
            )
        ).all(),
        "mine": session.execute(
            with_names.where(
                Ticket.assignee_id == actor.id,
                Ticket.status.in_((Status.OPEN, Status.IN_PROGRESS)),
            ).order_by(Ticket.id)
        ).all(),
    }
