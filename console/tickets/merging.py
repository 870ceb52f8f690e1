"""Merging tickets that are one, with undo, and linking tickets that belong together.

Nothing moves: a merged ticket points to the one that it is part of, whose page shows both. What
undoing gives back is therefore exactly what was there, and what was written since stays where
it was written.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from console import clock
from console.models import (
    Event,
    Kind,
    Link,
    LinkKind,
    Message,
    Side,
    Status,
    Ticket,
    User,
    WaitingFor,
)
from console.tickets import news, policy, rules
from console.tickets.errors import TicketError
from console.tickets.events import record
from console.tickets.family import FAMILY_MAX, above, family

__all__ = [
    "UNDO_DAYS",
    "NotTogether",
    "check",
    "family",
    "link",
    "may_undo",
    "merge",
    "unlink",
    "unmerge",
]

UNDO_DAYS = 30
# So many of the replies that stay behind are told by number.
STAYED_MAX = 20
# How the history's plain values become a ticket's again.
READ: dict[str, Callable[[str], Any]] = {
    "waiting_until": datetime.fromisoformat,
    "waiting_for": WaitingFor,
    "waiting_reason": str,
    "due_at": datetime.fromisoformat,
}


class NotTogether(TicketError):
    """The tickets are not the same person's: they may be linked, and never merged."""


def merge(
    session: Session, actor: User, ticket: Ticket, *, into: Ticket, version: int | None = None
) -> Event | None:
    """Make the ticket part of another one of the same requester, and close it.

    What was said and attached on it is read there from now on, and its number leads there. The
    due date that comes first holds for both. Refused between two requesters, whose texts must
    never meet, and with the news when others wrote since that version.
    """
    policy.require(actor, "merge")
    held = _hold(session, ticket.id, into.id)
    survivor = _end(session, held[into.id])
    if ticket.merged_into_id is not None and _end(session, ticket) is survivor:
        return None
    check(session, ticket, into=into, survivor=survivor)
    news.refuse_unread_answer(session, actor, ticket, version)
    asks = not ticket.is_closed and ticket.last_public_by is Side.REQUESTER
    takes_over = _taken_over(ticket, survivor, asks)
    if not ticket.is_closed:
        _set_quietly(session, actor, ticket, ticket, rules.NOTHING_TO_WAIT_FOR)
    moment = clock.now()
    closing: dict[str, Any] = (
        {} if ticket.is_closed else {"status": Status.CLOSED, "closed_at": moment}
    )
    record(
        session,
        actor,
        ticket,
        Kind.MERGED,
        told={"into": [None, survivor.id]},
        merged_into_id=survivor.id,
        merged_at=moment,
        **closing,
    )
    _set_quietly(session, actor, survivor, ticket, takes_over)
    turn = Side.REQUESTER if asks else survivor.last_public_by
    return record(
        session,
        actor,
        survivor,
        Kind.ABSORBED,
        told={"absorbed": [None, ticket.id], "turn": [survivor.last_public_by, turn]},
        absorbed=survivor.absorbed + 1,
        last_public_by=turn,
    )


def check(session: Session, ticket: Ticket, *, into: Ticket, survivor: Ticket) -> None:
    """Raise TicketError when the ticket may not become part of `into`, which ends in `survivor`."""
    if survivor.id == ticket.id:
        raise TicketError(
            _("A ticket cannot be merged with itself.")
            if into.id == ticket.id
            else _("#%(into)d is part of this ticket already.", into=into.id),
            field="into",
            status=422 if into.id == ticket.id else 409,
        )
    if ticket.merged_into_id is not None:
        raise TicketError(
            _(
                "#%(number)d is part of #%(into)d already. Undo that first.",
                number=ticket.id,
                into=ticket.merged_into_id,
            ),
            field="into",
        )
    if ticket.organisation_id != survivor.organisation_id:
        raise NotTogether(
            _(
                "#%(number)d and #%(into)d belong to different customers. Merged, each would read"
                " what the other wrote; you can link them instead.",
                number=ticket.id,
                into=survivor.id,
            ),
            field="into",
        )
    if ticket.requester_id != survivor.requester_id:
        raise NotTogether(
            _(
                "#%(number)d and #%(into)d have different requesters. Merged, one of them would"
                " lose sight of the ticket; you can link them instead.",
                number=ticket.id,
                into=survivor.id,
            ),
            field="into",
        )
    if survivor.is_closed and not ticket.is_closed:
        raise TicketError(
            _(
                "#%(into)d is closed, and what is open here would be hidden in it."
                " Open it again first, or merge it into this one.",
                into=survivor.id,
            ),
            field="into",
        )
    if len(family(session, ticket)) + len(family(session, survivor)) > FAMILY_MAX:
        raise TicketError(_("At most %(most)d tickets can be one.", most=FAMILY_MAX), field="into")


def unmerge(session: Session, actor: User, ticket: Ticket) -> Event | None:
    """Let the ticket stand by itself again, as it was, with what was its own.

    What was written since the merge stays where it was written. Refused after UNDO_DAYS.
    """
    policy.require(actor, "merge")
    if ticket.merged_into_id is None:
        return None
    held = _hold(session, ticket.id, ticket.merged_into_id)
    if ticket.merged_into_id is None or ticket.merged_at is None:  # a colleague was quicker
        return None
    if not may_undo(ticket.merged_at):
        raise TicketError(
            _("That was more than %(days)d days ago, and stays as it is.", days=UNDO_DAYS)
        )
    whole = held.get(ticket.merged_into_id) or _hold_one(session, ticket.merged_into_id)
    merged = _told(session, ticket, Kind.MERGED, ("into", whole.id))
    absorbed = _told(session, whole, Kind.ABSORBED, ("absorbed", ticket.id))
    stayed = _written_since(session, whole, ticket.merged_at)
    told = {"stayed": [None, stayed]} if stayed else {}
    back: dict[str, Any] = {"merged_into_id": None, "merged_at": None}
    if "status" in merged.changes:
        back |= {"status": Status(merged.changes["status"][0]), "closed_at": None}
        if ticket.assignee and not rules.hold_worker(session, ticket.assignee):
            back |= {"assignee": None, "status": Status.OPEN}  # he has left since
    event = record(
        session, actor, ticket, Kind.UNMERGED, told={"into": [whole.id, None], **told}, **back
    )
    _set_back(session, actor, ticket, merged)
    before, after = absorbed.changes["turn"]
    turn = before if not stayed and whole.last_public_by == after else whole.last_public_by
    record(
        session,
        actor,
        whole,
        Kind.GAVE_BACK,
        told={"absorbed": [ticket.id, None], **told},
        absorbed=whole.absorbed - 1,
        last_public_by=Side(turn),
    )
    if not stayed and whole.merged_into_id is None:
        _set_back(session, actor, whole, absorbed)
    return event


def may_undo(merged_at: datetime) -> bool:
    """Whether a merge of that moment can still be taken back."""
    return clock.now() - merged_at <= timedelta(days=UNDO_DAYS)


def link(session: Session, actor: User, ticket: Ticket, *, to: Ticket) -> Event | None:
    """Say, for workers only, that two tickets belong together, whoever asked for them."""
    policy.require(actor, "link")
    if ticket.id == to.id:
        raise TicketError(_("A ticket cannot be linked with itself."), field="to", status=422)
    _hold(session, ticket.id, to.id)
    if session.scalars(_between(session, ticket, to)).first():
        return None
    earlier, later = sorted((ticket.id, to.id))
    session.add(Link(earlier_id=earlier, later_id=later, kind=LinkKind.RELATED))
    told = {"linked": [None, ticket.id]}
    record(session, actor, to, Kind.LINKED, internal=True, told=told)
    told = {"linked": [None, to.id]}
    return record(session, actor, ticket, Kind.LINKED, internal=True, told=told)


def unlink(session: Session, actor: User, ticket: Ticket, *, to: Ticket) -> Event | None:
    """Take away what link() said. A ticket that follows another goes on following it."""
    policy.require(actor, "link")
    _hold(session, ticket.id, to.id)
    related = _between(session, ticket, to).where(Link.kind == LinkKind.RELATED)
    links = session.scalars(related).all()
    if not links:
        return None
    for each in links:
        session.delete(each)
    told = {"linked": [ticket.id, None]}
    record(session, actor, to, Kind.UNLINKED, internal=True, told=told)
    told = {"linked": [to.id, None]}
    return record(session, actor, ticket, Kind.UNLINKED, internal=True, told=told)


def _hold(session: Session, *numbers: int) -> dict[int, Ticket]:
    """These tickets as they are now, held in the order of their numbers: none waits in a ring."""
    found = session.scalars(
        select(Ticket)
        .where(Ticket.id.in_(numbers))
        .order_by(Ticket.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {ticket.id: ticket for ticket in found}


def _hold_one(session: Session, number: int) -> Ticket:
    return _hold(session, number)[number]


def _end(session: Session, ticket: Ticket) -> Ticket:
    """What the ticket is part of in the end, held; mostly itself."""
    while ticket.merged_into_id is not None:
        ticket = _hold_one(session, ticket.merged_into_id)
    return ticket


def _between(session: Session, ticket: Ticket, to: Ticket) -> Any:
    """The links between two tickets, those of what is part of them included."""
    ones, others = family(session, ticket), family(session, to)
    return select(Link).where(
        or_(
            and_(Link.earlier_id.in_(ones), Link.later_id.in_(others)),
            and_(Link.earlier_id.in_(others), Link.later_id.in_(ones)),
        )
    )


def _taken_over(ticket: Ticket, survivor: Ticket, asks: bool) -> dict[str, Any]:
    """What the survivor takes over: the first due date, and that its requester waits for us.

    What he wrote on the ticket wakes the survivor as if he had written there.
    """
    columns: dict[str, Any] = {}
    if survivor.is_closed:
        return columns
    due = survivor.due_at
    if asks and survivor.waiting_until is not None and ticket.waiting_until is None:
        due = None if due == survivor.waiting_until else due
        columns = {"waiting_until": None, "waiting_for": None, "waiting_reason": ""}
    first = min(filter(None, (due, ticket.due_at)), default=None)
    return columns if first == survivor.due_at else {**columns, "due_at": first}


def _set_quietly(
    session: Session, actor: User, ticket: Ticket, source: Ticket, columns: dict[str, Any]
) -> None:
    """Set what workers alone know of, in the Event just before that of the merge."""
    if all(getattr(ticket, name) == value for name, value in columns.items()):
        return
    wakes = ticket.waiting_until is not None and "waiting_until" in columns
    kind = Kind.WOKEN if wakes else Kind.DUE_CHANGED
    told = {"absorbed": [None, source.id]}
    record(session, actor, ticket, kind, internal=True, told=told, **columns)


def _set_back(session: Session, actor: User, ticket: Ticket, merged: Event) -> None:
    """Give back what _set_quietly() took, unless somebody has decided on it since."""
    quiet = session.scalar(
        select(Event).where(
            Event.ticket_id == merged.ticket_id, Event.version == merged.version - 1
        )
    )
    if quiet is None or not quiet.internal or "absorbed" not in quiet.changes or ticket.is_closed:
        return
    values = {name: quiet.changes[name] for name in READ if name in quiet.changes}
    now = {name: read(name, after) for name, (_before, after) in values.items()}
    if any(getattr(ticket, name) != value for name, value in now.items()):
        return
    columns = {name: read(name, before) for name, (before, _after) in values.items()}
    kind = Kind.PUT_ASIDE if columns.get("waiting_until") else Kind.DUE_CHANGED
    record(session, actor, ticket, kind, internal=True, **columns)


def read(name: str, value: str | None) -> Any:
    """The value of a ticket's column, as the history tells it."""
    return None if value is None else READ[name](value)


def _told(session: Session, ticket: Ticket, kind: Kind, named: tuple[str, int]) -> Event:
    """How the last merge was told on the ticket: the Event that names the other one."""
    # The last one, whatever the clock said: it may have been set back since.
    events = session.scalars(
        select(Event)
        .where(Event.ticket_id == ticket.id, Event.kind == kind.value)
        .order_by(Event.version.desc())
    )
    name, number = named
    return next(event for event in events if event.changes[name][1] == number)


def _written_since(session: Session, whole: Ticket, moment: datetime) -> list[int]:
    """The Events of the replies since then, on the ticket and on what it is part of itself."""
    numbers = [row.id for row in above(session, whole.id)]
    return list(
        session.scalars(
            select(Event.id)
            .join(Event.message)
            .where(
                Event.ticket_id.in_(numbers),
                Event.kind == Kind.REPLIED.value,
                Event.created_at > moment,
                Message.withdrawn_at.is_(None),
            )
            .order_by(Event.created_at, Event.id)
            .limit(STAYED_MAX)
        )
    )
