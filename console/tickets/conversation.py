"""What people say to each other on a ticket: replies that the requester reads, and notes."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from console import clock
from console.attachments import files
from console.masking import Hidden
from console.models import Event, Kind, Link, LinkKind, Message, Side, Status, Ticket, User
from console.tickets import events, news, once, policy, rules, secrecy, triage, words
from console.tickets.errors import TicketError
from console.tickets.events import record
from console.tickets.family import family
from console.tickets.thanks import is_thanks

# For so long after it was closed a ticket is opened again by an answer of its requester.
REOPEN_DAYS = 14


def reply(
    session: Session,
    actor: User,
    ticket: Ticket,
    *,
    body: str,
    attachments: Sequence[int] = (),
    key: str | None = None,
    seen: int | None = None,
    reopen_days: int = REOPEN_DAYS,
) -> Event:
    """Say something that requester and workers read.

    A worker's first reply takes a ticket that nobody has. The requester's reply opens a closed
    ticket again, unless it is only a thank-you; after `reopen_days` it becomes a new ticket,
    linked to the old one: the Event is then that ticket's. Refused with the news when others
    said or decided something after the Event `seen`.
    """
    asks = ticket.requester_id == actor.id
    policy.require(actor, "ask_on" if asks else "answer")
    body, hidden = _checked(body, attachments)
    keys = _keys(session, actor, ticket, key, "reply", body, attachments)
    if earlier := _find_sent(session, keys):
        return earlier
    closed = ticket.is_closed
    thanks = asks and closed and not attachments and is_thanks(body)
    if asks and closed and not thanks and is_over(ticket, reopen_days):
        return _follow_up(session, actor, ticket, body, attachments, keys)
    news.refuse_unseen(session, actor, ticket, seen)
    if not asks and not closed and ticket.assignee_id is None:
        _take(session, actor, ticket)
        news.refuse_unseen(session, actor, ticket, seen)  # perhaps it was taken in this moment
    if not closed:
        triage.acted(session, actor, ticket, asks=asks)
    event = _say(
        session,
        actor,
        ticket,
        Kind.REPLIED,
        hidden,
        attachments,
        keys[0],
        markdown=not asks,
        thanks=thanks,
        **({} if thanks else {"last_public_by": Side.REQUESTER if asks else Side.US}),
    )
    if asks and closed and not thanks:
        _reopen(session, actor, ticket)
    return event


def answer_and_close(
    session: Session,
    actor: User,
    ticket: Ticket,
    *,
    body: str,
    key: str | None = None,
    version: int | None = None,
) -> Event | None:
    """Say a last thing on the ticket and close it; None when that was done before.

    Refused once it is closed, and with the news when others said or decided something after
    that version: the same words go to many, and must not go past an answer that nobody read.
    """
    policy.require(actor, "answer")
    policy.require(actor, "set_status")
    said, _hidden = _checked(body, ())
    if _find_sent(session, _keys(session, actor, ticket, key, "reply", said, ())):
        return None
    rules.refuse_closed(ticket)
    seen = news.seen_at(session, ticket, version)
    reply(session, actor, ticket, body=body, key=key, seen=seen)
    return rules.set_status(session, actor, ticket, to=Status.CLOSED)


def note(
    session: Session,
    actor: User,
    ticket: Ticket,
    *,
    body: str,
    attachments: Sequence[int] = (),
    key: str | None = None,
    seen: int | None = None,
) -> Event:
    """Say something that only workers read. Refused with the news like a reply."""
    policy.require(actor, "note")
    body, hidden = _checked(body, attachments)
    keys = _keys(session, actor, ticket, key, "note", body, attachments)
    if earlier := _find_sent(session, keys):
        return earlier
    news.refuse_unseen(session, actor, ticket, seen)
    return _say(session, actor, ticket, Kind.NOTED, hidden, attachments, keys[0], markdown=True)


def _say(
    session: Session,
    actor: User,
    ticket: Ticket,
    kind: Kind,
    hidden: Hidden,
    attachments: Sequence[int],
    key: str,
    *,
    markdown: bool,
    thanks: bool = False,
    **columns: Any,
) -> Event:
    """Put the message into the history, its files to it, and its secrets beside it."""
    internal = kind is Kind.NOTED
    told = secrecy.told(hidden)
    if thanks:
        told["thanks"] = [None, True]
    event = record(session, actor, ticket, kind, internal=internal, told=told, **columns)
    message = Message(
        ticket=ticket,
        event=event,
        author=actor,
        body=hidden.text,
        internal=internal,
        markdown=markdown,
        submission_key=key,
        created_at=event.created_at,
    )
    session.add(message)
    secrecy.keep(session, actor, ticket, message=message, body=hidden)
    names = files.attach(session, actor, list(attachments), ticket=ticket, message=message)
    words.add(session, ticket, message.body, *names)
    return event


def _take(session: Session, actor: User, ticket: Ticket) -> None:
    """Make the actor the handler, if the ticket stays free that long and the actor stays."""
    if not rules.hold_worker(session, actor):
        return
    while ticket.assignee_id is None and not ticket.is_closed:
        # Lost when anything about the ticket changed in this moment; what is seen then is held.
        if events.claim(session, actor, ticket):
            return


def _reopen(session: Session, actor: User, ticket: Ticket) -> None:
    """Open the ticket again; with whoever had it, unless he has left since."""
    columns: dict = {"status": Status.OPEN, "closed_at": None}
    if ticket.assignee and not rules.hold_worker(session, ticket.assignee):
        columns["assignee"] = None
    record(session, actor, ticket, Kind.STATUS_CHANGED, **columns)


def is_over(ticket: Ticket, days: int) -> bool:
    """Whether the ticket was closed so many days ago that an answer is a new one."""
    return ticket.closed_at is not None and clock.now() - ticket.closed_at > timedelta(days=days)


def _follow_up(
    session: Session,
    actor: User,
    ticket: Ticket,
    body: str,
    attachments: Sequence[int],
    keys: Sequence[str],
) -> Event:
    """Make what was said on a ticket long closed a new one, and tell it on both."""
    description = body if rules.is_visible(body) else _("See the attached files.")
    opened = rules.open_ticket(
        session,
        actor,
        title=ticket.title,
        description=description,
        attachments=attachments,
        keys=keys,
        told={"follows": [None, ticket.id]},
    )
    later = opened.ticket_id
    session.add(Link(earlier_id=ticket.id, later_id=later, kind=LinkKind.FOLLOW_UP))
    record(session, actor, ticket, Kind.FOLLOWED_UP, told={"follow_up": [None, later]})
    return opened


def _checked(body: str, attachments: Sequence[int]) -> tuple[str, Hidden]:
    """The text cleaned, and without its secrets. Raises TicketError for nothing, or too much."""
    body = rules.clean_text(body)
    if not rules.is_visible(body) and not attachments:
        raise TicketError(_("Write something first, or attach a file."), field="body", status=422)
    hidden = secrecy.hide(body)
    if len(hidden.text) > Message.BODY_MAX:
        raise TicketError(
            _("The message is too long: %(most)s characters at most.", most="20 000"),
            field="body",
            status=422,
        )
    return body, hidden


def _keys(
    session: Session,
    actor: User,
    ticket: Ticket,
    key: str | None,
    kind: str,
    body: str,
    attachments: Sequence[int],
) -> list[str]:
    """The keys of what is sent here, and was perhaps sent before the ticket took in another."""
    numbers = [ticket.id, *(n for n in family(session, ticket) if n != ticket.id)]
    return [
        one
        for number in numbers
        for one in once.submission_keys(
            session, actor, key, f"{kind}:{number}", body, files=list(attachments)
        )
    ]


def _find_sent(session: Session, keys: list[str]) -> Event | None:
    """The Event of what was sent with one of these keys: a message, or a new ticket."""
    sent = select(Event).join(Message).where(Message.submission_key.in_(keys)).limit(1)
    return session.scalar(sent) or rules.find_opened(session, keys)
