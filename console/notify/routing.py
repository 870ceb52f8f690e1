"""Who hears of what: one table from what happened to whom it is told.

Nobody hears of what he did himself, but for the receipt; and what is internal goes to workers.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from console.models import (
    DeliveryState,
    Event,
    Kind,
    Medium,
    Message,
    Priority,
    Status,
    Topic,
    User,
)
from console.notify import chat, choices, outbox

# Whom, by what way, at which address. Nobody: the whole team.
Reached = tuple[User | None, Medium, str]
# How long a notice waits, in seconds: a reply may be taken back, and what is soon followed by
# more news of the same need not be told twice.
HOLD = {
    Topic.REPLY: Message.UNDO_SECONDS,
    Topic.CLOSED: Message.UNDO_SECONDS,
    Topic.REOPENED: Message.UNDO_SECONDS,
    Topic.TAKEN: 60,
    Topic.POOL: 60,
}
_quiet: ContextVar[bool] = ContextVar("quiet", default=False)


def the_requester(session: Session, event: Event, topic: Topic) -> Iterator[Reached]:
    """Who asked, by the way that he has chosen."""
    person = event.ticket.requester
    found = choices.of_requester(person) if person.active else None
    if found:
        yield (person, *found)


def the_assignee(session: Session, event: Event, topic: Topic) -> Iterator[Reached]:
    """Who has the ticket, by the ways chosen for this topic."""
    person = event.ticket.assignee
    if person and person.active and person.id != event.actor_id:
        for medium in choices.of_person(session, person, topic):
            yield person, medium, choices.address(person, medium)


def the_workers(session: Session, event: Event, topic: Topic) -> Iterator[Reached]:
    """All workers who want to hear of it, and the places where the team reads."""
    for person, medium in choices.of_workers(session, topic):
        yield person, medium, choices.address(person, medium)
    yield from the_team(session, event, topic)


def the_team(session: Session, event: Event, topic: Topic) -> Iterator[Reached]:
    """The places where the whole team reads."""
    for label in chat.team(current_app.config):
        yield None, Medium.TEAM, label


def who_works(session: Session, event: Event, topic: Topic) -> Iterator[Reached]:
    """Who has the ticket; all workers while nobody has it."""
    whom = the_assignee if event.ticket.assignee_id else the_workers
    return whom(session, event, topic)


def always(event: Event) -> bool:
    """Whenever it happens."""
    return True


def closed(event: Event) -> bool:
    """The ticket was closed."""
    return _new(event, "status") == Status.CLOSED


def reopened(event: Event) -> bool:
    """The ticket was closed and is open again."""
    return bool(event.changes.get("status", [None])[0] == Status.CLOSED)


def someone_has_it(event: Event) -> bool:
    """The ticket got a handler."""
    return _new(event, "assignee") is not None


def by_worker(event: Event) -> bool:
    """Not the requester did it."""
    return event.actor_id != event.ticket.requester_id


def by_requester(event: Event) -> bool:
    """The requester did it."""
    return not by_worker(event)


def raised(event: Event) -> bool:
    """The ticket matters most now."""
    return _new(event, "priority") == Priority.HIGH


def _new(event: Event, name: str) -> object:
    return event.changes.get(name, (None, None))[1]


@dataclass(frozen=True)
class Rule:
    """Tell somebody about a topic, if the Event is of that sort."""

    topic: Topic
    to: Callable[[Session, Event, Topic], Iterator[Reached]]
    when: Callable[[Event], bool] = always


# The first rule that reaches somebody is the one that counts: one message an Event and way.
WHO_HEARS: dict[Kind, tuple[Rule, ...]] = {
    Kind.OPENED: (Rule(Topic.RECEIPT, the_requester), Rule(Topic.POOL, the_workers)),
    Kind.TAKEN: (Rule(Topic.TAKEN, the_requester),),
    Kind.RELEASED: (),
    Kind.ASSIGNED: (Rule(Topic.ASSIGNED, the_assignee), Rule(Topic.TAKEN, the_requester)),
    Kind.STATUS_CHANGED: (
        Rule(Topic.CLOSED, the_requester, closed),
        Rule(Topic.REOPENED, the_requester, reopened),
        Rule(Topic.TAKEN, the_requester, someone_has_it),
    ),
    Kind.RETITLED: (),
    Kind.REPLIED: (
        Rule(Topic.REPLY, the_requester, by_worker),
        Rule(Topic.ANSWERED, the_assignee, by_requester),
    ),
    Kind.NOTED: (),
    Kind.FOLLOWED_UP: (),
    Kind.SECRET_SHOWN: (),
    Kind.SECRET_WIPED: (),
    Kind.PRIORITY_CHANGED: (Rule(Topic.HIGH, who_works, raised),),
    Kind.PUT_ASIDE: (),
    Kind.WOKEN: (),
    Kind.DUE_CHANGED: (),
    Kind.CATEGORISED: (),
    Kind.TAGGED: (),
    Kind.MERGED: (),
    Kind.ABSORBED: (),
    Kind.UNMERGED: (),
    Kind.GAVE_BACK: (),
    Kind.LINKED: (),
    Kind.UNLINKED: (),
    Kind.DUE_SOON: (Rule(Topic.DUE_SOON, who_works),),
    Kind.OVERDUE: (Rule(Topic.OVERDUE, who_works), Rule(Topic.OVERDUE, the_team)),
    Kind.UNDELIVERED: (Rule(Topic.UNDELIVERED, the_assignee),),
    Kind.TAKEN_BACK: (),
}
# Their own doing, and told all the same: that it has come in.
TOLD_TO_ONESELF = (Topic.RECEIPT,)
# No alarm over these: a person who cannot be reached is told of nothing that does not matter.
NO_ADDRESS = "no_address"


def plan(session: Session, event: Event) -> None:
    """Owe everybody the message that this Event means to them: part of the same transaction."""
    if _quiet.get():
        return
    owed: dict[tuple[int, Medium, str], dict[str, Any]] = {}
    for rule in WHO_HEARS[Kind(event.kind)]:
        if not rule.when(event):
            continue
        for person, medium, address in rule.to(session, event, rule.topic):
            number = person.id if person else 0
            if number != event.actor_id or rule.topic in TOLD_TO_ONESELF:
                owed.setdefault(
                    (number, medium, address), _message(event, rule, person, medium, address)
                )
    for hold, some in groupby(owed.values(), key=lambda message: HOLD.get(message["topic"], 0)):
        outbox.owe(session, list(some), hold=timedelta(seconds=hold))


def _message(
    event: Event, rule: Rule, person: User | None, medium: Medium, address: str
) -> dict[str, Any]:
    state = DeliveryState.WAITING
    if not address:
        # A reply that cannot reach anybody has failed; the rest need not be sent.
        is_reply = rule.topic is Topic.REPLY
        state = DeliveryState.FAILED if is_reply else DeliveryState.CANCELLED
    return {
        "event_id": event.id,
        "ticket_id": event.ticket_id,
        "recipient_id": person.id if person else None,
        "recipient": address,
        "channel": medium,
        "topic": rule.topic,
        "state": state,
        "error": "" if address else NO_ADDRESS,
    }


@contextmanager
def quietly() -> Iterator[None]:
    """Plan nothing inside the block: a demo office tells nobody of what it never was."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)
