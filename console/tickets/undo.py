"""Taking back a reply in the seconds before it leaves: its words are in the draft again."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from console import clock
from console.attachments import files
from console.masking import Found, Hidden, restore
from console.models import ID_MAX, Event, Kind, Message, Secret, Side, Status, Ticket, User
from console.notify.recall import recall
from console.tickets import drafts, merging, policy, rules, words
from console.tickets.errors import NotAllowed, NotThere, TicketError
from console.tickets.events import record
from console.tickets.family import family

UNDO = timedelta(seconds=Message.UNDO_SECONDS)
# What a reply changed beside itself was written in the same transaction, just before it.
SAME_BREATH = timedelta(seconds=5)
# By which a ticket is put aside, or gets a due date; a closing takes both away.
PLANNING = (Kind.PUT_ASIDE, Kind.WOKEN, Kind.DUE_CHANGED, Kind.UNDELIVERED)
# So much of the history is looked at, before the reply and after it.
NEAR = 100


def may_take_back(actor: User, event: Event, now: datetime) -> bool:
    """Whether this is a reply that the actor has just given a requester."""
    message = event.message
    return (
        message is not None
        and not message.internal
        and message.withdrawn_at is None
        and message.author_id == actor.id
        and now - event.created_at < UNDO
        and event.ticket.requester_id != actor.id
        and policy.may(actor, "answer")
    )


def seconds_left(actor: User, events: Sequence[Event]) -> dict[int, int]:
    """For those of the Events that the actor may take back: for how long, by their numbers."""
    now = clock.now()
    return {
        event.id: round((event.created_at + UNDO - now).total_seconds())
        for event in events
        if may_take_back(actor, event, now)
    }


def take_back(
    session: Session,
    actor: User,
    ticket: Ticket,
    event_id: int,
    *,
    typed: dict[str, Any] | None = None,
    key: str | None = None,
) -> dict[str, Any]:
    """Take back a reply before it leaves; answers the draft that its words and files are now in.

    What the reply did is undone with it: its closing of the ticket, and what it settled; only
    who has the ticket stays. What was already `typed` as the next reply comes after the words,
    and what is still saved from that form, known by its `key`, is a straggler.
    """
    policy.require(actor, "answer")
    event = _find(session, ticket, event_id)
    message, place = event.message, f"reply:{ticket.id}"
    if message is None or message.author_id != actor.id:
        raise NotAllowed
    if message.withdrawn_at is None:
        if not may_take_back(actor, event, clock.now()) or not recall(session, event.id):
            raise TicketError(_("The reply has already been sent."))
        begun = drafts.find(session, actor, [place]).get(place, {})
        body, attached = _withdraw(session, message)
        _undo(session, actor, ticket, event)
        fields = _together(body, attached, typed if typed and any(typed.values()) else begun)
        drafts.sent(session, actor, place, key=key)
        drafts.save(session, actor, place, fields=fields, key="")
    return drafts.find(session, actor, [place]).get(place, {})


def _find(session: Session, ticket: Ticket, event_id: int) -> Event:
    """The reply of that Event, on the ticket or on one that is part of it by now."""
    if 0 < event_id <= ID_MAX:
        found = session.scalar(
            select(Event)
            .where(
                Event.id == event_id,
                Event.ticket_id.in_(family(session, ticket)),
                Event.kind == Kind.REPLIED.value,
            )
            .options(joinedload(Event.message))
        )
        if found is not None:
            return found
    raise NotThere(_("There is no such reply."))


def _withdraw(session: Session, message: Message) -> tuple[str, list[int]]:
    """Empty the message; answers what its author had typed, and the numbers of its files."""
    own = select(Secret).where(Secret.message_id == message.id).order_by(Secret.position)
    hidden = session.scalars(own).all()
    found = [Found(s.position, s.kind, s.value) for s in hidden if s.value is not None]
    body = restore(Hidden(message.body, tuple(found)))
    for secret in hidden:
        secret.value = None
    # Without its key: the same form may send the same words again.
    message.body, message.submission_key, message.withdrawn_at = "", None, clock.now()
    attached = files.detach(session, message)
    session.flush()  # the index is made again from what stands in the database
    words.reindex(session, session.get_one(Ticket, message.ticket_id))
    return body, attached


def _together(body: str, attached: list[int], begun: dict[str, Any]) -> dict[str, Any]:
    """The draft: what was taken back, and then what was begun since."""
    texts = [body, begun.get("body") or ""]
    both = dict.fromkeys([*attached, *begun.get("attached", [])])
    return {"body": "\n\n".join(text for text in texts if text), "attached": list(both)}


def _undo(session: Session, actor: User, ticket: Ticket, event: Event) -> None:
    """Write that the reply was taken back, and set the ticket as it would be without it."""
    columns: dict[str, Any] = {"last_public_by": _last_side(session, ticket)}
    settled, since = _around(session, event)
    closing = since[0] if since and _closes(since[0]) and since[0].actor_id == actor.id else None
    if closing and ticket.is_closed and not _has(since[1:], Kind.STATUS_CHANGED):
        recall(session, closing.id)
        columns |= _opened(session, ticket, closing)
        settled.append(closing)
    record(session, actor, ticket, Kind.TAKEN_BACK, **columns)
    if settled and not ticket.is_closed and not _has(since, *PLANNING):
        _plan_again(session, actor, ticket, settled[0])


def _last_side(session: Session, ticket: Ticket) -> Side:
    """Who has said the last public thing that stands; a thank-you changes no turn."""
    said = session.execute(
        select(Message.author_id, Event.changes)
        .join(Message.event)
        .where(
            Message.ticket_id.in_(family(session, ticket)),
            Message.internal.is_(False),
            Message.withdrawn_at.is_(None),
        )
        .order_by(Message.id.desc())
        .limit(NEAR)
    ).all()
    authors = (author for author, changes in said if "thanks" not in changes)
    last = next(authors, ticket.requester_id)
    return Side.REQUESTER if last == ticket.requester_id else Side.US


def _around(session: Session, event: Event) -> tuple[list[Event], list[Event]]:
    """What the reply settled, which was written just before it; and what has happened since."""
    near = session.scalars(
        select(Event)
        .where(Event.ticket_id == event.ticket_id, Event.version >= event.version - 2)
        .order_by(Event.version)
        .limit(NEAR)
    ).all()
    settled = [
        e
        for e in near
        if e.version < event.version
        and e.kind in (Kind.WOKEN, Kind.DUE_CHANGED)
        and e.actor_id == event.actor_id
        and event.created_at - e.created_at < SAME_BREATH
    ]
    return settled, [e for e in near if e.version > event.version]


def _has(events: Sequence[Event], *kinds: Kind) -> bool:
    return any(event.kind in kinds for event in events)


def _closes(event: Event) -> bool:
    return event.changes.get("status", [None, None])[1] == Status.CLOSED


def _opened(session: Session, ticket: Ticket, closing: Event) -> dict[str, Any]:
    """The ticket as it stood before it was closed; with whoever had it, unless he has left."""
    columns: dict[str, Any] = {"status": Status(closing.changes["status"][0]), "closed_at": None}
    if ticket.assignee is None or not rules.hold_worker(session, ticket.assignee):
        columns |= {"assignee": None, "status": Status.OPEN}
    return columns


def _plan_again(session: Session, actor: User, ticket: Ticket, settled: Event) -> None:
    """Put the ticket aside again and let it be due again, as before that Event."""
    before = session.scalars(
        select(Event)
        .where(
            Event.ticket_id == settled.ticket_id,
            Event.version < settled.version,
            Event.kind.in_([kind.value for kind in (*PLANNING, Kind.STATUS_CHANGED)]),
        )
        .order_by(Event.version.desc())
        .limit(NEAR)
    )
    changes: dict[str, list[Any]] = {}
    for event in takewhile(lambda event: not _closes(event), before):
        if event.kind == Kind.PUT_ASIDE:  # the last one says what is due behind the waiting
            changes.setdefault("promised", event.changes.get("promised", [None, None]))
        changes = {**event.changes, **changes}
    plan = rules.NOTHING_TO_WAIT_FOR | {
        name: merging.read(name, changes[name][1]) for name in merging.READ if name in changes
    }
    if all(getattr(ticket, name) == value for name, value in plan.items()):
        return
    kind = Kind.PUT_ASIDE if plan["waiting_until"] else Kind.DUE_CHANGED
    promised = changes.get("promised", [None, None])
    told = {"promised": promised} if promised[1] and plan["waiting_until"] else None
    record(session, actor, ticket, kind, internal=True, told=told, **plan)
