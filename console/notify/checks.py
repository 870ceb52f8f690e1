"""What is asked before a message leaves: is it still true, is it wanted now, is it one too many.

The figures of the caps are Zammad's: per ticket and recipient, and per recipient in all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from console import clock, hours, language
from console.models import (
    Delivery,
    DeliveryState,
    Job,
    Lane,
    Medium,
    Priority,
    Side,
    Ticket,
    Topic,
)
from console.notify.choices import CHOOSABLE
from console.notify.outbox import OWED

MINUTE = timedelta(minutes=1)
# Within so many minutes: at most so many on one ticket, and so many in all.
CAPS = ((10, 10, 30), (30, 15, 60), (60, 25, 120), (180, 50, 240), (600, 100, 360))
# More automatic messages than this in so short a time are a loop, or somebody's joke.
BREAKER, BREAKER_TIME = 60, 10 * MINUTE
# Nobody is helped by a receipt that is older, nor by a link that has run out.
USEFUL = timedelta(days=3)
# An address that has refused so often, with nothing delivered since, is left alone so long.
REFUSALS_MAX, LEFT_ALONE = 3, timedelta(days=60)
ROBOTS = ("mailer-daemon", "postmaster", "abuse", "root", "noreply", "no-reply", "donotreply")


@dataclass(frozen=True)
class Verdict:
    """What becomes of a delivery instead of being sent now: a state, why, and when to ask again."""

    state: DeliveryState
    reason: str = ""
    again: datetime | None = None


def verdict(session: Session, delivery: Delivery) -> Verdict | None:
    """What keeps the message from leaving now; None when nothing does."""
    for check in (_too_late, untrue, _in_turn, _at_night, _one_too_many):
        if found := check(session, delivery):
            return found
    return None


def _cancelled(reason: str) -> Verdict:
    return Verdict(DeliveryState.CANCELLED, reason)


def _too_late(session: Session, delivery: Delivery) -> Verdict | None:
    if clock.now() - delivery.created_at <= USEFUL:
        return None
    if delivery.topic is Topic.ACCOUNT:
        return Verdict(DeliveryState.FAILED, "expired")
    return _cancelled("expired") if delivery.automatic else None


# --- is it still true


def untrue(session: Session, delivery: Delivery) -> Verdict | None:
    """Why the message needs not be sent any more; None when it is as true as ever."""
    if delivery.person is not None and not delivery.person.active and delivery.ticket:
        return _cancelled("inactive")
    ticket = delivery.ticket
    if ticket is None:
        return None
    is_true = STILL_TRUE.get(delivery.topic)
    if is_true and not is_true(ticket, delivery):
        return _cancelled("outdated")
    if delivery.topic in COVERED_BY and session.scalar(_covering(delivery)):
        return _cancelled("covered")
    return None


def _is_handler(ticket: Ticket, delivery: Delivery) -> bool:
    return not ticket.is_closed and ticket.assignee_id == delivery.recipient_id


STILL_TRUE: dict[Topic, Callable[[Ticket, Delivery], bool]] = {
    Topic.TAKEN: lambda ticket, _: ticket.assignee_id is not None and not ticket.is_closed,
    Topic.CLOSED: lambda ticket, _: ticket.is_closed,
    Topic.REOPENED: lambda ticket, _: not ticket.is_closed,
    Topic.ASSIGNED: _is_handler,
    Topic.ANSWERED: lambda ticket, _: ticket.last_public_by is Side.REQUESTER,
    Topic.POOL: lambda ticket, _: ticket.assignee_id is None and not ticket.is_closed,
    Topic.HIGH: lambda ticket, _: ticket.priority is Priority.HIGH and not ticket.is_closed,
    Topic.DUE_SOON: lambda ticket, _: ticket.due_told == 1 and not ticket.is_closed,
    Topic.OVERDUE: lambda ticket, _: ticket.due_told == 2 and not ticket.is_closed,
}
# Told already by another message to the same person: one that is newer, or has yet to leave.
COVERED_BY: dict[Topic, tuple[Topic, ...]] = {
    Topic.TAKEN: (Topic.REPLY, Topic.TAKEN, Topic.REOPENED),
    Topic.CLOSED: (Topic.REPLY, Topic.CLOSED),
    Topic.REOPENED: (Topic.REPLY, Topic.REOPENED),
}


def _covering(delivery: Delivery) -> Select[int]:
    """Another message on the ticket that says this too: a reply tells how the ticket stands."""
    same = (
        Delivery.ticket_id == delivery.ticket_id,
        Delivery.recipient == delivery.recipient,
        Delivery.topic.in_(COVERED_BY[delivery.topic]),
        Delivery.id != delivery.id,
        Delivery.state.in_((*OWED, DeliveryState.SENT)),
    )
    newer = (Delivery.id > delivery.id) | (
        (Delivery.topic == Topic.REPLY)
        & (Delivery.sent_at.is_(None) | (Delivery.sent_at >= delivery.created_at))
    )
    return select(Delivery.id).where(*same, newer).limit(1)


# --- is it its turn, and is somebody awake


def _in_turn(session: Session, delivery: Delivery) -> Verdict | None:
    """What was said first on a ticket goes first, also when it had to be tried again.

    What a person wrote waits for no machine's message.
    """
    if delivery.ticket_id is None:
        return None
    before = session.scalar(
        select(Delivery.run_at)
        .where(
            Delivery.ticket_id == delivery.ticket_id,
            Delivery.recipient == delivery.recipient,
            Delivery.id < delivery.id,
            Delivery.automatic.in_((False, delivery.automatic)),
            Delivery.state.in_(OWED),
            # (A notice that is held for longer has not been tried: this one may cover it. A reply
            # is held no longer than others, but it may have been put off behind one itself.)
            (Delivery.topic == Topic.REPLY)
            | (Delivery.tries > 0)
            | (Delivery.run_at <= delivery.run_at),
        )
        .order_by(Delivery.id.desc())
        .limit(1)
    )
    if before is None:
        return None
    return Verdict(delivery.state, delivery.error, max(before, clock.now() + timedelta(seconds=2)))


def _at_night(session: Session, delivery: Delivery) -> Verdict | None:
    """Workers hear outside the opening hours of what matters most, and of that if they will."""
    if delivery.topic not in CHOOSABLE or hours.is_open(clock.now()):
        return None
    person, ticket = delivery.person, delivery.ticket
    if ticket and ticket.priority is Priority.HIGH and (person is None or person.wakes):
        return None
    digest, opens = hours.digest_at(clock.now()), hours.next_open(clock.now())
    if opens and language.local(opens).date() < language.local(digest).date():
        # Today's has gone out, and tomorrow's is not waited for.
        return Verdict(DeliveryState.WAITING, "", opens)
    return Verdict(DeliveryState.GATHERED, "", digest)


# --- is it one too many


def _one_too_many(session: Session, delivery: Delivery) -> Verdict | None:
    if not delivery.automatic:
        return None
    if delivery.channel is Medium.MAIL and _is_robot(delivery.recipient):
        return _cancelled("robot")
    if is_stopped(session) or _count_before(session, delivery) > BREAKER:
        alarm(session)
        return Verdict(DeliveryState.STOPPED, "stopped")
    if _refuses(session, delivery):
        return _cancelled("refuses")
    if again := _capped_until(session, delivery):
        return Verdict(DeliveryState.DEFERRED, "capped", again)
    return None


def _is_robot(address: str) -> bool:
    """Whether nobody reads there, or we do ourselves."""
    own = current_app.config["MAIL_DEFAULT_SENDER"].rpartition("<")[2].strip("> ").lower()
    return address.lower() == own or address.partition("@")[0].lower() in ROBOTS


def is_stopped(session: Session) -> bool:
    """Whether automatic messages are held back until an admin has looked."""
    stopped = select(Delivery.id).where(Delivery.state == DeliveryState.STOPPED).limit(1)
    return session.scalar(stopped) is not None


def _count_before(session: Session, delivery: Delivery) -> int:
    """How many automatic ones were owed in the minutes before this one, itself among them."""
    found = (
        select(Delivery.id)
        .where(
            Delivery.automatic.is_(True),
            Delivery.created_at > delivery.created_at - BREAKER_TIME,
            Delivery.created_at <= delivery.created_at,
            Delivery.id <= delivery.id,
            Delivery.state.not_in((DeliveryState.CANCELLED, DeliveryState.GATHERED)),
        )
        .limit(BREAKER + 1)
    )
    return session.scalar(select(func.count()).select_from(found.subquery())) or 0


def alarm(session: Session) -> None:
    """Have the admins told, once, that the automatic messages stand still."""
    there = select(Job.id).where(Job.name == "alarm", Job.about == 0)
    if session.scalar(there) is None and not is_stopped(session):
        session.add(Job(name="alarm", lane=Lane.PERIODIC, run_at=clock.now()))


def _refuses(session: Session, delivery: Delivery) -> bool:
    """Whether all that was sent there of late came back or was refused."""
    if delivery.recipient_id is None or delivery.channel is not Medium.MAIL:
        return False
    to_him = (Delivery.recipient_id == delivery.recipient_id, Delivery.channel == Medium.MAIL)
    arrived = select(func.max(Delivery.id)).where(*to_him, Delivery.state == DeliveryState.SENT)
    refused = (
        select(Delivery.id)
        .where(
            *to_him,
            Delivery.recipient == delivery.recipient,
            Delivery.state.in_((DeliveryState.FAILED, DeliveryState.BOUNCED)),
            Delivery.created_at > clock.now() - LEFT_ALONE,
            Delivery.id > func.coalesce(arrived.scalar_subquery(), 0),
        )
        .limit(REFUSALS_MAX)
    )
    return len(session.scalars(refused).all()) >= REFUSALS_MAX


def _capped_until(session: Session, delivery: Delivery) -> datetime | None:
    """When the recipient has room for one more; None when he has it now."""
    now = clock.now()
    sent = session.execute(
        select(Delivery.ticket_id, Delivery.sent_at)
        .where(
            Delivery.recipient == delivery.recipient,
            Delivery.recipient_id == delivery.recipient_id,
            Delivery.sent_at > now - CAPS[-1][0] * MINUTE,
            Delivery.automatic.is_(True),
        )
        .order_by(Delivery.sent_at.desc())
        .limit(CAPS[-1][2] + 1)
    ).all()
    room: list[datetime] = []
    for minutes, on_ticket, in_all in CAPS:
        within = [row for row in sent if row.sent_at > now - minutes * MINUTE]
        same = [row for row in within if row.ticket_id and row.ticket_id == delivery.ticket_id]
        for rows, most in ((same, on_ticket), (within, in_all)):
            if len(rows) >= most:
                room.append(rows[most - 1].sent_at + minutes * MINUTE)
    return max(room, default=None)
