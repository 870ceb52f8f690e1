"""The read side: what an actor may see, one ticket, its history, and short lists."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Select,
    String,
    and_,
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
    Kind,
    Message,
    Role,
    Secret,
    Ticket,
    User,
)
from console.tickets import policy
from console.tickets.errors import NotThere
from console.tickets.family import family, survivor_of

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
    """The ticket of that number or, when it was merged, the one that it is part of now.

    With the names of its people. Raises NotThere when there is none to see.
    """
    ticket = get_itself(session, actor, ticket_id)
    if ticket.merged_into_id is None:
        return ticket
    return get_itself(session, actor, survivor_of(session, ticket))


# Made once. The people are read as a whole: a part of one could not be held for a change.
WITH_PEOPLE = (
    contains_eager(Ticket.category),
    contains_eager(Ticket.organisation),
    contains_eager(Ticket.requester.of_type(requester)).lazyload(requester.role),
    contains_eager(Ticket.assignee.of_type(assignee)).lazyload(assignee.role),
)


def get_itself(session: Session, actor: User, ticket_id: int) -> Ticket:
    """The ticket of exactly that number, merged or not. Raises NotThere like get_visible()."""
    ticket = None
    if 0 < ticket_id <= ID_MAX:
        ticket = session.scalar(
            visible_to(actor)
            .where(Ticket.id == ticket_id)
            .join(requester, Ticket.requester_id == requester.id)
            .outerjoin(assignee, Ticket.assignee_id == assignee.id)
            .outerjoin(Ticket.category)
            .outerjoin(Ticket.organisation)
            .options(*WITH_PEOPLE)
        )
    if ticket is None:
        raise NotThere
    return ticket


# What a ticket's page reads, made once: putting a statement together costs as much as the
# database takes to answer it. A ticket's history is ordered by its versions, and that of a
# family by time.
HAPPENED = (
    select(Event)
    .outerjoin(Event.message)
    .options(
        contains_eager(Event.message),
        joinedload(Event.actor, innerjoin=True).load_only(User.username).lazyload(User.role),
    )
    .limit(TIMELINE_PAGE + 1)
)
IN_ORDER = (Event.version.desc(),)
BY_TIME = (Event.created_at.desc(), Event.id.desc())
# The texts of tickets that were merged, where their opening stands in the timeline.
TEXTS = select(Ticket.id, Ticket.title, Ticket.description).where(
    Ticket.id.in_(bindparam("opened", expanding=True))
)
FILES = (
    select(Attachment)
    .where(
        Attachment.ticket_id.in_(bindparam("family", expanding=True)),
        or_(
            and_(
                Attachment.message_id.is_(None),
                Attachment.ticket_id.in_(bindparam("opened", expanding=True)),
            ),
            Attachment.message_id.in_(bindparam("shown", expanding=True)),
        ),
    )
    .order_by(Attachment.id)
)
SECRETS = (
    select(
        Secret.id,
        Secret.ticket_id,
        Secret.message_id,
        Secret.field,
        Secret.position,
        Secret.kind,
        Secret.author_id,
        Secret.value.is_(None).label("is_wiped"),
    )
    .where(
        Secret.ticket_id.in_(bindparam("family", expanding=True)),
        or_(Secret.message_id.is_(None), Secret.message_id.in_(bindparam("shown", expanding=True))),
    )
    .order_by(Secret.id)
    .limit(5000)
)


@dataclass(frozen=True)
class Timeline:
    """A stretch of what happened and was said on a ticket, oldest first.

    `earlier` says whether there is more before it, `newest` that nothing comes after it. Files
    are by the number of their message, those of a description by its ticket; secrets are rows
    without their values. `numbers` are the ticket and all that were merged into it, and `texts`
    what those were about that were opened in this stretch.
    """

    events: Sequence[Event]
    earlier: bool
    files: dict[int, list[Attachment]]
    own_files: dict[int, list[Attachment]]
    secrets: Sequence[Any]
    texts: dict[int, Any]
    numbers: Sequence[int]
    newest: bool

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

    Nothing internal to requesters. Three statements, however long the ticket's history is, and
    two more when others were merged into it.
    """
    numbers = family(session, ticket)
    events = HAPPENED.where(Event.ticket_id.in_(numbers))
    if len(numbers) > 1:
        # The ticket tells of each merge itself.
        events = events.where(or_(Event.ticket_id == ticket.id, Event.kind != Kind.MERGED.value))
        events = events.with_hint(Event, "USE INDEX (uq_events_ticket_id_version)", "mysql")
    last = until if before is None else before
    is_worker = policy.may(actor, "see_all")
    if last is not None:
        at = aliased(Event)
        shown = [at.id == max(0, min(last, ID_MAX)), at.ticket_id.in_(numbers)]
        if not is_worker:
            shown.append(at.internal.is_(False))  # nor is its number known
        mark: Any = Event.version < at.version
        if len(numbers) > 1:
            mark = or_(
                Event.created_at < at.created_at,
                and_(Event.created_at == at.created_at, Event.id < at.id),
            )
        events = events.join(at, and_(*shown)).where(
            mark if before is not None else or_(mark, Event.id == at.id)
        )
    if not is_worker:
        events = events.where(Event.internal.is_(False))
    found = session.scalars(events.order_by(*(BY_TIME if len(numbers) > 1 else IN_ORDER))).all()
    return with_files(
        session,
        ticket,
        found[:TIMELINE_PAGE][::-1],
        numbers,
        earlier=len(found) > TIMELINE_PAGE,
        newest=last is None,
    )


def with_files(
    session: Session,
    ticket: Ticket,
    events: Sequence[Event],
    numbers: Sequence[int] = (),
    *,
    earlier: bool = False,
    newest: bool = True,
) -> Timeline:
    """These Events with the files and the secrets of what they say and of the ticket itself.

    `numbers` are those of the ticket's family, for who knows them already.
    """
    numbers = numbers or family(session, ticket)
    messages = [event.message.id for event in events if event.message]
    opened = [event.ticket_id for event in events if event.kind == Kind.OPENED.value]
    opened = [number for number in opened if number != ticket.id]
    files: dict[int, list[Attachment]] = defaultdict(list)
    own_files: dict[int, list[Attachment]] = defaultdict(list)
    asked = {"family": numbers, "opened": [ticket.id, *opened], "shown": messages}
    for file in session.scalars(FILES, asked):
        if file.message_id is None:
            own_files[file.ticket_id or 0].append(file)
        else:
            files[file.message_id].append(file)
    texts = session.execute(TEXTS, {"opened": opened}) if opened else ()
    return Timeline(
        events=events,
        earlier=earlier,
        files=files,
        own_files=own_files,
        secrets=secrets(session, ticket, messages, numbers),
        texts={text.id: text for text in texts},
        numbers=numbers,
        newest=newest,
    )


def first_event(session: Session, ticket: Ticket) -> Event:
    """How the ticket came to be."""
    opened = select(Event).where(Event.ticket_id == ticket.id, Event.version == 1)
    return session.scalars(opened).one()


def secrets(
    session: Session, ticket: Ticket, shown: Sequence[int], numbers: Sequence[int] = ()
) -> Sequence[Any]:
    """The secrets of the tickets' own texts and of the messages `shown`, without their values.

    Rows of id, ticket_id, message_id, field, position, kind, author_id and is_wiped.
    """
    asked = {"family": numbers or family(session, ticket), "shown": list(shown)}
    return session.execute(SECRETS, asked).all()


def last_messages(session: Session, numbers: Sequence[int]) -> dict[int, Message]:
    """The last thing said on each of these tickets that stands, by the ticket's number."""
    last = select(func.max(Message.id)).where(
        Message.ticket_id.in_(numbers), Message.withdrawn_at.is_(None)
    )
    found = session.scalars(
        select(Message)
        .where(Message.id.in_(last.group_by(Message.ticket_id)))
        .options(joinedload(Message.author, innerjoin=True).load_only(User.username))
    )
    return {message.ticket_id: message for message in found}


def own_tickets(session: Session, actor: User, *, page: int, size: int) -> Sequence[Any]:
    """One page of what the actor has asked for, newest first, and one row more if there is one."""
    return session.execute(
        select(
            Ticket.id,
            Ticket.title,
            Ticket.status,
            Ticket.public_at,
            Ticket.merged_into_id,
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
