"""What may happen to a ticket: one verb a function.

Each verb asks who may, checks sense, and calls events. It answers the Event, or None when
there was nothing to change; it raises TicketError when it refuses. None of them commits.
"""

import unicodedata
from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from console import clock
from console.attachments import files
from console.models import WORK, Channel, Event, Kind, Status, Ticket, User
from console.tickets import events, news, once, policy, secrecy, words
from console.tickets.errors import TicketError
from console.tickets.events import record

# Not printable by itself, but what holds a family of emoji together.
JOINER = "\u200d"
# What nobody waits for once a ticket is closed.
NOTHING_TO_WAIT_FOR = {
    "waiting_until": None, "waiting_for": None, "waiting_reason": "", "due_at": None
}  # fmt: skip
# Letters and signs by their category that show nothing: fillers, and braille without a dot.
BLANK = "\u115f\u1160\u2800\u3164\uffa0"


def open_ticket(
    session: Session,
    actor: User,
    *,
    title: str,
    description: str,
    requester: User | None = None,
    channel: Channel = Channel.WEB,
    attachments: Sequence[int] = (),
    key: str | None = None,
    keys: Sequence[str] = (),
    told: dict[str, list[Any]] | None = None,
) -> Event:
    """Put a new request into the pool, for the actor or, by a worker, for somebody else.

    Sent twice, with the same `key` or the same words within a minute, it is one ticket: the
    second call answers the first one's Event (`keys`, when the caller has made them already).
    Secrets in the text are kept apart from it.
    """
    requester = requester or actor
    policy.require(actor, "open_ticket" if requester is actor else "open_for")
    title, description = clean_title(title), clean_text(description)
    hidden_title, hidden_text = secrecy.hide(title), secrecy.hide(description)
    _check_title(hidden_title.text)
    _check_description(hidden_text.text)
    if not requester.active:
        raise TicketError(
            _("%(name)s has no active account.", name=requester.username), field="requester"
        )
    keys = keys or once.submission_keys(
        session, actor, key, f"{requester.id}:{title}", description, files=list(attachments)
    )
    if earlier := find_opened(session, keys):
        return earlier
    event = events.add(
        session,
        actor,
        requester=requester,
        title=hidden_title.text,
        description=hidden_text.text,
        channel=channel,
        submission_key=keys[0],
        told={**secrecy.told(hidden_title, hidden_text), **(told or {})},
    )
    secrecy.keep(session, actor, event.ticket, title=hidden_title, description=hidden_text)
    names = files.attach(session, actor, list(attachments), ticket=event.ticket)
    words.add(session, event.ticket, *names)
    return event


def take(session: Session, actor: User, ticket: Ticket) -> Event | None:
    """Make the actor responsible for the ticket. Refused when somebody else was first."""
    policy.require(actor, "take")
    refuse_closed(ticket)
    if ticket.assignee_id == actor.id:
        return None
    _refuse_leaving(session, actor)
    if event := events.claim(session, actor, ticket):
        return event
    refuse_closed(ticket)
    if ticket.assignee_id == actor.id:
        return None
    if ticket.assignee is None:  # it was changed otherwise in the same moment, and is still free
        return take(session, actor, ticket)
    raise TicketError(_("%(name)s has already taken this ticket.", name=ticket.assignee.username))


def release(
    session: Session, actor: User, ticket: Ticket, *, version: int | None = None
) -> Event | None:
    """Give the ticket back to the pool, as open. Refused once it is closed."""
    policy.require(actor, "release")
    refuse_closed(ticket)
    if ticket.assignee_id is None:
        return None
    news.refuse_conflict(session, ticket, version, "assignee", None)
    return record(session, actor, ticket, Kind.RELEASED, assignee=None, status=Status.OPEN)


def assign(
    session: Session, actor: User, ticket: Ticket, *, to: User, version: int | None = None
) -> Event | None:
    """Make a colleague responsible. Refused for a closed ticket and for one who may not work."""
    policy.require(actor, "assign")
    if ticket.assignee_id == to.id:
        return None
    news.refuse_conflict(session, ticket, version, "assignee", to.username)
    refuse_closed(ticket)
    _refuse_leaving(session, to)
    return record(session, actor, ticket, Kind.ASSIGNED, assignee=to)


def set_status(
    session: Session, actor: User, ticket: Ticket, *, to: Status, version: int | None = None
) -> Event | None:
    """Move the ticket to another status. Work on a ticket that nobody has takes it.

    `version` is that of the page the actor saw. Refused with both values when the status was
    changed since, and with the news when closing what somebody has written on since.
    """
    policy.require(actor, "set_status")
    if ticket.status is to:
        return None
    news.refuse_conflict(session, ticket, version, "status", to)
    if to is Status.CLOSED:
        news.refuse_unread_answer(session, actor, ticket, version)
    columns: dict = {"status": to, "closed_at": clock.now() if to is Status.CLOSED else None}
    if to is Status.CLOSED:
        columns |= NOTHING_TO_WAIT_FOR
    handler = ticket.assignee
    if handler and ticket.is_closed and not hold_worker(session, handler):
        columns["assignee"] = handler = None  # he has left since it was closed
    if to is Status.IN_PROGRESS and handler is None:
        _refuse_leaving(session, actor)
        columns["assignee"] = actor
    return record(session, actor, ticket, Kind.STATUS_CHANGED, **columns)


def release_all(session: Session, actor: User, worker: User) -> int:
    """Give all that a leaving worker has open back to the pool; answers how many it was."""
    held = session.scalars(
        select(Ticket)
        .where(Ticket.assignee_id == worker.id, Ticket.status != Status.CLOSED)
        .with_for_update()
    ).all()
    for ticket in held:
        record(session, actor, ticket, Kind.RELEASED, assignee=None, status=Status.OPEN)
    return len(held)


def retitle(
    session: Session, actor: User, ticket: Ticket, *, title: str, version: int | None = None
) -> Event | None:
    """Give the ticket a title that says what it is about."""
    policy.require(actor, "retitle")
    hidden = secrecy.hide(clean_title(title))
    _check_title(hidden.text)
    if hidden.text == ticket.title and not hidden.found:
        return None
    news.refuse_conflict(session, ticket, version, "title", hidden.text)
    event = record(
        session, actor, ticket, Kind.RETITLED, title=hidden.text, told=secrecy.told(hidden)
    )
    secrecy.keep(session, actor, ticket, title=hidden)
    words.reindex(session, ticket)
    return event


def clean_title(text: str) -> str:
    """One line, without characters that cannot be seen or stored."""
    visible = "".join(c for c in text if c.isprintable() or c.isspace() or c == JOINER)
    return unicodedata.normalize("NFC", " ".join(visible.split()))


def clean_text(text: str) -> str:
    """The text as written, with one kind of line break and nothing that cannot be stored."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return unicodedata.normalize("NFC", lines).strip("\n")


def is_visible(text: str) -> bool:
    """Whether there is anything to see: a letter, a digit, a sign or a picture."""
    return any(unicodedata.category(c)[0] in "LNPS" and c not in BLANK for c in text)


def _check_title(title: str) -> None:
    if not Ticket.TITLE_MIN <= len(title) <= Ticket.TITLE_MAX or not is_visible(title):
        raise TicketError(
            _(
                "The title must have between %(least)d and %(most)d characters.",
                least=Ticket.TITLE_MIN,
                most=Ticket.TITLE_MAX,
            ),
            field="title",
            status=422,
        )


def _check_description(description: str) -> None:
    if not is_visible(description):
        raise TicketError(
            _("Describe what it is about, so that we can help."), field="description", status=422
        )
    if len(description) > Ticket.DESCRIPTION_MAX:
        raise TicketError(
            _("The description is too long: %(most)s characters at most.", most="20 000"),
            field="description",
            status=422,
        )


def hold_worker(session: Session, worker: User) -> bool:
    """Whether this account may be given tickets; it stays so until the commit.

    The account is held: whoever deactivates it waits, and then finds the ticket among those
    to give back.
    """
    # Not refresh(), which cannot for somebody of whom only the name was read.
    held = select(User).where(User.id == worker.id).with_for_update(read=True)
    worker = session.scalars(held.execution_options(populate_existing=True)).one()
    return worker.active and worker.can(WORK)


def _refuse_leaving(session: Session, worker: User) -> None:
    """Refuse to make somebody the handler who may not work, or is about to be shut out."""
    if not hold_worker(session, worker):
        raise TicketError(
            _("%(name)s cannot be given tickets.", name=worker.username),
            field="assignee",
            status=422,
        )


def refuse_closed(ticket: Ticket) -> None:
    """Refuse what makes no sense on a ticket that is closed."""
    if ticket.is_closed:
        raise TicketError(_("This ticket is closed. Open it again first."))


def find_opened(session: Session, keys: Sequence[str]) -> Event | None:
    """The Event of the ticket that was opened with one of these keys."""
    return session.scalar(
        select(Event)
        .join(Ticket)
        .where(Ticket.submission_key.in_(keys), Event.version == 1)
        .limit(1)
    )
