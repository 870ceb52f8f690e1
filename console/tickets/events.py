"""record(), the only writer of tickets and of their history, and who hears of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import event, inspect, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.orm.exc import StaleDataError

from console import clock
from console.models import Category, Channel, Event, Kind, Priority, Side, Status, Ticket, User
from console.notify import routing
from console.tickets import words
from console.tickets.errors import TicketError

RULED = (
    "title", "description", "status", "assignee", "requester", "channel", "closed_at", "public_at",
    "priority", "category", "organisation", "waiting_until", "waiting_for", "waiting_reason",
    "due_at", "due_told", "last_public_by", "merged_into_id", "merged_at", "absorbed"
)  # fmt: skip
# What alone can still happen to a ticket that is part of another.
WHEN_MERGED = (Kind.UNMERGED, Kind.GAVE_BACK, Kind.LINKED, Kind.UNLINKED)
# Columns whose old and new value the history tells; the rest follow from these.
TOLD = ("title", "status", "assignee")
# Those that only an internal Event may tell: a requester gets the others' changes.
TOLD_INTERNALLY = (
    *TOLD, "priority", "category", "waiting_until", "waiting_for", "waiting_reason", "due_at"
)  # fmt: skip


def add(
    session: Session,
    actor: User,
    *,
    requester: User,
    title: str,
    description: str,
    channel: Channel,
    submission_key: str | None,
    told: dict[str, list[Any]] | None = None,
) -> Event:
    """Add a new ticket, open and nobody's, with the first row of its history."""
    moment = clock.now()
    ticket = Ticket(
        requester=requester,
        title=title,
        description=description,
        status=Status.OPEN,
        channel=channel,
        organisation_id=requester.organisation_id,
        priority=Priority.MEDIUM,
        last_public_by=Side.REQUESTER,
        waiting_reason="",
        absorbed=0,
        submission_key=submission_key,
        created_at=moment,
        updated_at=moment,
        public_at=moment,
    )
    happened = _event(actor, ticket, Kind.OPENED, version=1, changes=told or {})
    session.add_all((ticket, happened))
    session.flush()  # the ticket's number is needed, here and for the answer
    words.index(session, ticket)
    routing.plan(session, happened)
    return happened


def record(
    session: Session,
    actor: User,
    ticket: Ticket,
    kind: Kind,
    *,
    internal: bool = False,
    touches: bool = True,
    told: dict[str, list[Any]] | None = None,
    **columns: Any,
) -> Event:
    """Set the ticket's columns, write what changed, by whom and when, and owe word of it.

    `told` is what the history says beside the columns. What is `internal` a requester is not
    shown, nor that it happened. What nobody did, such as that a date has come, does not touch
    the ticket. Refused for a ticket that is part of another.
    """
    _refuse_merged(ticket, kind)
    if columns.get("due_at", ticket.due_at) != ticket.due_at:
        columns.setdefault("due_told", 0)  # a new date is told anew
    changes = {**_changes(ticket, columns, TOLD_INTERNALLY if internal else TOLD), **(told or {})}
    if touches:
        ticket.updated_at = clock.now()
    if not internal:
        ticket.public_at = ticket.updated_at
    for name, value in columns.items():
        setattr(ticket, name, value)
    return _add_event(session, actor, ticket, kind, changes, internal)


def witness(
    session: Session, actor: User, ticket: Ticket, kind: Kind, *, told: dict[str, list[Any]]
) -> Event:
    """Write, for workers only, that somebody looked at something. Only the version moves on."""
    _refuse_merged(ticket, kind)
    return _add_event(session, actor, ticket, kind, told, internal=True)


def claim(session: Session, actor: User, ticket: Ticket) -> Event | None:
    """Make the actor the assignee if nobody is: one conditional UPDATE. None when too late."""
    version, moment = ticket.version, clock.now()
    won = (
        session.connection()
        .execute(
            update(Ticket)
            .where(
                Ticket.id == ticket.id,
                Ticket.assignee_id.is_(None),
                Ticket.status != Status.CLOSED,
                Ticket.version == version,
            )
            .values(assignee_id=actor.id, version=version + 1, updated_at=moment, public_at=moment)
        )
        .rowcount
    )
    # A locking read: on MariaDB a plain one would show the row as it was when we began.
    session.refresh(ticket, with_for_update=True)
    if ticket.merged_into_id is not None:
        # In this moment: run again, all of it finds the ticket that this one is part of.
        raise StaleDataError(f"ticket {ticket.id} was merged")
    if not won:
        return None
    happened = _event(
        actor, ticket, Kind.TAKEN, version=version + 1, changes={"assignee": [None, actor.username]}
    )
    session.add(happened)
    session.flush()  # a second record() in this transaction must see the next version
    routing.plan(session, happened)
    return happened


def file_under(session: Session, requester: User, organisation_id: int | None) -> None:
    """Keep a requester's tickets with his organisation; the account's history tells of it.

    One statement for all of them. It is no change of the tickets, which have the requester
    they had: the number stands beside them for the sake of an index.
    """
    session.flush()
    file_all_under(session, [requester.id], organisation_id)


def file_all_under(
    session: Session, requesters: Sequence[int], organisation_id: int | None
) -> None:
    """Keep the tickets of many with their organisation; see file_under()."""
    words.file_under(session, requesters, organisation_id)
    session.execute(
        update(Ticket)
        .where(Ticket.requester_id.in_(requesters))
        .values(organisation_id=organisation_id, version=Ticket.version)
        .execution_options(synchronize_session=False)
    )


def _refuse_merged(ticket: Ticket, kind: Kind) -> None:
    """What is said and decided belongs to the ticket that this one was merged into."""
    if ticket.merged_into_id is not None and kind not in WHEN_MERGED:
        raise TicketError(
            _(
                "#%(number)d is part of #%(into)d now.",
                number=ticket.id,
                into=ticket.merged_into_id,
            )
        )


def _add_event(
    session: Session, actor: User, ticket: Ticket, kind: Kind, changes: dict, internal: bool
) -> Event:
    happened = _event(
        actor, ticket, kind, version=ticket.version + 1, changes=changes, internal=internal
    )
    # The row takes the next version even when nothing else in it is new, not even the clock.
    flag_modified(ticket, "updated_at")
    session.add(happened)
    session.flush()  # a second record() in this transaction must see the next version
    routing.plan(session, happened)
    return happened


def _event(
    actor: User,
    ticket: Ticket,
    kind: Kind,
    *,
    version: int,
    changes: dict,
    internal: bool = False,
) -> Event:
    return Event(
        ticket=ticket,
        actor=actor,
        kind=kind.value,
        version=version,
        changes=changes,
        internal=internal,
        created_at=clock.now(),
    )


def _changes(
    ticket: Ticket, columns: dict[str, Any], told: tuple[str, ...]
) -> dict[str, list[Any]]:
    """Old and new value of each told column that changes, people by their name of the day."""
    return {
        name: [_plain(getattr(ticket, name)), _plain(value)]
        for name, value in columns.items()
        if name in told and getattr(ticket, name) != value
    }


def _plain(value: Any) -> Any:
    """The value as the history keeps it: names of people and things, times in ISO's form."""
    if isinstance(value, User):
        return value.username
    if isinstance(value, datetime):
        return value.isoformat()
    return value.name if isinstance(value, Category) else value


@event.listens_for(Session, "before_flush")
def tripwire(session: Session, *_: Any) -> None:
    """Refuse a flush that changes a ticket and writes no history of it.

    It catches an admin form, a shell and ourselves. It cannot see a bulk UPDATE; that is
    what tests/test_house.py looks for.
    """
    told = {row.ticket for row in session.new if isinstance(row, Event)}
    for row in (*session.new, *session.dirty):
        if not isinstance(row, Ticket) or row in told:
            continue
        if any(inspect(row).attrs[name].history.has_changes() for name in RULED):
            raise RuntimeError(f"ticket {row.id} was changed without record()")
    if any(isinstance(row, Ticket) for row in session.deleted):
        raise RuntimeError("tickets are never deleted")
