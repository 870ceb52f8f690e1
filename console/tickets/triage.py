"""What workers decide about a ticket among themselves: how much it matters, when, and what about.

Nothing of it is known to requesters: every Event here is internal.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from console import clock
from console.models import (
    Category,
    Event,
    Kind,
    Priority,
    Tag,
    Ticket,
    TicketTag,
    User,
    WaitingFor,
)
from console.tickets import news, policy, rules
from console.tickets.errors import TicketError
from console.tickets.events import record

# Nothing is put aside, or due, further ahead than this.
AHEAD_MAX = timedelta(days=366)


def set_priority(
    session: Session, actor: User, ticket: Ticket, *, to: Priority, version: int | None = None
) -> Event | None:
    """Say how much the ticket matters."""
    policy.require(actor, "set_priority")
    if ticket.priority is to:
        return None
    news.refuse_conflict(session, ticket, version, "priority", int(to))
    return record(session, actor, ticket, Kind.PRIORITY_CHANGED, internal=True, priority=to)


def categorise(
    session: Session,
    actor: User,
    ticket: Ticket,
    *,
    to: Category | None,
    version: int | None = None,
) -> Event | None:
    """Say what kind of thing the ticket is about. Refused for a category no longer in use."""
    policy.require(actor, "categorise")
    if ticket.category is to:
        return None
    if to is not None and not to.active:
        raise TicketError(
            _("The category %(name)s is not in use any more.", name=to.name),
            field="category",
            status=422,
        )
    news.refuse_conflict(session, ticket, version, "category", to.name if to else None)
    return record(session, actor, ticket, Kind.CATEGORISED, internal=True, category=to)


def wait(
    session: Session,
    actor: User,
    ticket: Ticket,
    *,
    until: datetime,
    waiting_for: WaitingFor,
    reason: str = "",
    version: int | None = None,
) -> Event | None:
    """Put the ticket aside until a moment, when somebody must act on it again.

    It wakes by the clock, or when its requester writes. Refused once it is closed, for a moment
    that has passed, and for one more than a year ahead.
    """
    policy.require(actor, "wait")
    rules.refuse_closed(ticket)
    reason = rules.clean_title(reason)
    if len(reason) > Ticket.REASON_MAX:
        raise TicketError(
            _("The reason is too long: %(most)d characters at most.", most=Ticket.REASON_MAX),
            field="reason",
            status=422,
        )
    _refuse_far(until, "until")
    told = (ticket.waiting_until, ticket.waiting_for, ticket.waiting_reason)
    if told == (until, waiting_for, reason):
        return None
    news.refuse_conflict(session, ticket, version, "waiting_until", until.isoformat())
    promised = _promised(session, ticket)
    return record(
        session,
        actor,
        ticket,
        Kind.PUT_ASIDE,
        internal=True,
        told={"promised": [None, promised.isoformat()]} if promised else None,
        waiting_until=until,
        waiting_for=waiting_for,
        waiting_reason=reason,
        # Somebody must act when it comes back, or before that if it was promised so.
        due_at=min(until, promised) if promised else until,
    )


def wake(
    session: Session, actor: User, ticket: Ticket, *, version: int | None = None
) -> Event | None:
    """End the waiting before its date, or after."""
    policy.require(actor, "wait")
    if ticket.waiting_until is None:
        return None
    news.refuse_conflict(session, ticket, version, "waiting_until", None)
    return end_waiting(session, actor, ticket)


def end_waiting(session: Session, actor: User, ticket: Ticket) -> Event:
    """Write that a ticket is not put aside any more. It asks no one: see wake() and reply()."""
    due = _promised(session, ticket)
    return record(
        session,
        actor,
        ticket,
        Kind.WOKEN,
        internal=True,
        waiting_until=None,
        waiting_for=None,
        waiting_reason="",
        due_at=due,
    )


def _promised(session: Session, ticket: Ticket) -> datetime | None:
    """The due date of the ticket but for the one that its waiting has given it."""
    if ticket.waiting_until is None or ticket.due_at != ticket.waiting_until:
        return ticket.due_at
    aside = session.scalar(
        select(Event)
        .where(Event.ticket_id == ticket.id, Event.kind == Kind.PUT_ASIDE.value)
        .order_by(Event.version.desc())
        .limit(1)
    )
    promised = aside.changes.get("promised") if aside else None
    return datetime.fromisoformat(promised[1]) if promised else None


def acted(session: Session, actor: User, ticket: Ticket, *, asks: bool) -> None:
    """Take off the ticket what an answer settles.

    The requester's answer ends any waiting, a worker's the waiting whose date has come; and
    when a worker answers, what was overdue is done.
    """
    now = clock.now()
    if ticket.waiting_until is not None and (asks or ticket.waiting_until <= now):
        end_waiting(session, actor, ticket)
    if not asks and ticket.due_at is not None and ticket.due_at <= now:
        record(session, actor, ticket, Kind.DUE_CHANGED, internal=True, due_at=None)


def set_due(
    session: Session,
    actor: User,
    ticket: Ticket,
    *,
    to: datetime | None,
    version: int | None = None,
) -> Event | None:
    """Say when somebody must have acted; None takes the limit away."""
    policy.require(actor, "set_due")
    rules.refuse_closed(ticket)
    if ticket.due_at == to:
        return None
    if to is not None:
        _refuse_far(to, "due")
    news.refuse_conflict(session, ticket, version, "due_at", to.isoformat() if to else None)
    return record(session, actor, ticket, Kind.DUE_CHANGED, internal=True, due_at=to)


def tag(
    session: Session,
    actor: User,
    ticket: Ticket,
    *,
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
) -> Event | None:
    """Put tags on the ticket and take others off; new words become tags by being used.

    Refused for more than Tag.MOST of them, and for a word that is too long.
    """
    policy.require(actor, "tag")
    had = tags_of(session, ticket)
    wanted = sorted({*had, *map(clean_tag, add)} - {*map(clean_tag, remove), ""})
    if wanted == had:
        return None
    if len(wanted) > Tag.MOST:
        raise TicketError(
            _("At most %(most)d tags on one ticket.", most=Tag.MOST), field="tags", status=422
        )
    tags = {name: _find_or_make(session, name) for name in sorted({*wanted} ^ {*had})}
    told = {"tags": [had, wanted]}
    event = record(session, actor, ticket, Kind.TAGGED, internal=True, told=told)
    for name, it in tags.items():
        key = (ticket.id, it.id)
        if name in wanted:
            session.add(TicketTag(ticket_id=ticket.id, tag_id=it.id))
        elif there := session.get(TicketTag, key):
            session.delete(there)
    return event


def tags_of(session: Session, ticket: Ticket) -> list[str]:
    """The tags of the ticket, by the alphabet."""
    of_ticket = select(Tag.name).join(TicketTag).where(TicketTag.ticket_id == ticket.id)
    return list(session.scalars(of_ticket.order_by(Tag.name)))


def clean_tag(text: str) -> str:
    """The word as it is kept: lower case, one line, without # in front. Raises TicketError."""
    name = rules.clean_title(text).casefold().lstrip("#").strip(" ,")
    if name and (len(name) > Tag.NAME_MAX or not rules.is_visible(name)):
        raise TicketError(
            _("A tag has at most %(most)d characters.", most=Tag.NAME_MAX),
            field="tags",
            status=422,
        )
    return name


def _find_or_make(session: Session, name: str) -> Tag:
    """The tag of that name. Two who make it at once: the UNIQUE has the second look again."""
    found = session.scalar(select(Tag).where(Tag.name == name))
    if found is None:
        found = Tag(name=name)
        session.add(found)
        session.flush()  # its number is needed
    return found


def _refuse_far(moment: datetime, field: str) -> None:
    now = clock.now()
    if moment <= now:
        raise TicketError(_("Choose a date that is still to come."), field=field, status=422)
    if moment > now + AHEAD_MAX:
        raise TicketError(_("Choose a date within a year."), field=field, status=422)
