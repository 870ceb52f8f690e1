"""The read side: what an actor may see, one ticket, its history, and short lists."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Select,
    String,
    bindparam,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from console.models import (
    ID_MAX,
    WORK,
    Attachment,
    Category,
    Event,
    Link,
    Role,
    Secret,
    Status,
    Ticket,
    User,
)
from console.tickets import policy
from console.tickets.errors import NotThere

# Counting stops here; the screen says "1000+".
COUNT_MAX = 1001
# So many messages and changes are shown at once; the earlier ones on demand.
TIMELINE_PAGE = 15

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
            .outerjoin(Ticket.category)
            .outerjoin(Ticket.organisation)
            .options(
                contains_eager(Ticket.category),
                contains_eager(Ticket.organisation),
                contains_eager(Ticket.requester.of_type(requester)).lazyload(requester.role),
                contains_eager(Ticket.assignee.of_type(assignee)).lazyload(assignee.role),
            )
        )
    if ticket is None:
        raise NotThere
    return ticket


# What a ticket's page reads, made once: putting a statement together costs as much as the
# database takes to answer it.
TOLD = (
    select(Event)
    .outerjoin(Event.message)
    .options(
        contains_eager(Event.message),
        joinedload(Event.actor, innerjoin=True).load_only(User.username).lazyload(User.role),
    )
    .order_by(Event.version.desc())
    .limit(TIMELINE_PAGE + 1)
)
FILES = (
    select(Attachment)
    .where(
        Attachment.ticket_id == bindparam("ticket"),
        or_(
            Attachment.message_id.is_(None),
            Attachment.message_id.in_(bindparam("shown", expanding=True)),
        ),
    )
    .order_by(Attachment.id)
)
SECRETS = (
    select(
        Secret.id,
        Secret.message_id,
        Secret.field,
        Secret.position,
        Secret.kind,
        Secret.author_id,
        Secret.value.is_(None).label("is_wiped"),
    )
    .where(
        Secret.ticket_id == bindparam("ticket"),
        or_(Secret.message_id.is_(None), Secret.message_id.in_(bindparam("shown", expanding=True))),
    )
    .order_by(Secret.id)
    .limit(5000)
)
LINKS = (
    select(Link.earlier_id, Link.later_id)
    .where(or_(Link.earlier_id == bindparam("ticket"), Link.later_id == bindparam("ticket")))
    .order_by(Link.earlier_id, Link.later_id)
    .limit(20)
)


@dataclass(frozen=True)
class Timeline:
    """A stretch of what happened and was said on a ticket, oldest first.

    `earlier` says whether there is more before it, `newest` that nothing comes after it. Files
    are by the number of their message, those of the description under None; secrets are rows
    without their values.
    """

    events: Sequence[Event]
    earlier: bool
    files: dict[int | None, list[Attachment]]
    secrets: Sequence[Any]
    newest: bool = True

    @property
    def last(self) -> int | None:
        """The newest Event: what a form that is sent from this page has seen."""
        return self.events[-1].id if self.events else None


def timeline(
    session: Session,
    actor: User,
    ticket: Ticket,
    *,
    before: int | None = None,
    until: int | None = None,
) -> Timeline:
    """The newest stretch, or the one that ends before that Event, or with it.

    Nothing internal to requesters. Three statements, however long the ticket's history is.
    """
    events = TOLD.where(Event.ticket_id == ticket.id)
    last = until if before is None else before
    if last is not None:
        shown = select(Event.version).where(
            Event.id == max(0, min(last, ID_MAX)), Event.ticket_id == ticket.id
        )
        if not policy.may(actor, "see_all"):
            shown = shown.where(Event.internal.is_(False))  # nor is its number known
        version = shown.scalar_subquery()
        events = events.where(
            Event.version <= version if before is None else Event.version < version
        )
    if not policy.may(actor, "see_all"):
        events = events.where(Event.internal.is_(False))
    found = session.scalars(events).all()
    return with_files(
        session,
        ticket,
        found[:TIMELINE_PAGE][::-1],
        earlier=len(found) > TIMELINE_PAGE,
        newest=last is None,
    )


def with_files(
    session: Session,
    ticket: Ticket,
    events: Sequence[Event],
    *,
    earlier: bool = False,
    newest: bool = True,
) -> Timeline:
    """These Events with the files and the secrets of their messages and of the ticket itself."""
    messages = [event.message.id for event in events if event.message]
    files: dict[int | None, list[Attachment]] = defaultdict(list)
    for file in session.scalars(FILES, {"ticket": ticket.id, "shown": messages}):
        files[file.message_id].append(file)
    return Timeline(events, earlier, files, secrets(session, ticket, messages), newest)


def first_event(session: Session, ticket: Ticket) -> Event:
    """How the ticket came to be."""
    opened = select(Event).where(Event.ticket_id == ticket.id, Event.version == 1)
    return session.scalars(opened).one()


def links(session: Session, ticket: Ticket) -> Sequence[Any]:
    """The tickets that this one follows, and those that follow it: rows of earlier and later."""
    return session.execute(LINKS, {"ticket": ticket.id}).all()


def secrets(session: Session, ticket: Ticket, shown: Sequence[int]) -> Sequence[Any]:
    """The secrets of the ticket's own text and of the messages `shown`, without their values.

    Rows of id, message_id, field, position, kind, author_id and is_wiped.
    """
    return session.execute(SECRETS, {"ticket": ticket.id, "shown": list(shown)}).all()


def own_tickets(session: Session, actor: User, *, page: int, size: int) -> Sequence[Any]:
    """One page of what the actor has asked for, newest first, and one row more if there is one."""
    return session.execute(
        select(
            Ticket.id,
            Ticket.title,
            Ticket.status,
            Ticket.public_at,
            assignee.username.label("assignee"),
        )
        .outerjoin(assignee, Ticket.assignee_id == assignee.id)
        .where(Ticket.requester_id == actor.id)
        .order_by(Ticket.id.desc())
        .offset(page * size)
        .limit(size + 1)
    ).all()


def _people() -> Any:
    """Those who may be given tickets, by name."""
    may_work = select(Role.name).where(type_coerce(Role.permissions, String).contains(WORK))
    return (
        select(literal("worker").label("what"), User.id, User.username.label("name"))
        .where(User.role_name.in_(may_work), User.active.is_(True))
        .order_by(User.username)
        .limit(500)
    )


def _categories() -> Any:
    """Those in use, in the admin's order."""
    return (
        select(literal("category").label("what"), Category.id, Category.name)
        .where(Category.active.is_(True))
        .order_by(Category.position, Category.id)
        .limit(200)
    )


CHOICES = union_all(*(select(part.subquery()) for part in (_people(), _categories())))


@dataclass(frozen=True)
class Choices:
    """What a worker can choose from: rows of id and name, in the order to show them."""

    workers: list[Any]
    categories: list[Any]


def choices(session: Session) -> Choices:
    """Those who may be given tickets and the categories in use; one statement."""
    rows = session.execute(CHOICES).all()
    return Choices(
        [row for row in rows if row.what == "worker"],
        [row for row in rows if row.what == "category"],
    )


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
