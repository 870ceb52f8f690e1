"""Canned replies: texts that workers share, with places for what differs from ticket to ticket."""

import re
from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from console import clock
from console.models import ID_MAX, CannedReply, Message, Ticket, User
from console.tickets import drafts, policy, rules
from console.tickets.errors import NotThere, TicketError

# The words are those of the office's language on every screen: they stand in the stored texts.
REQUESTER, NUMBER, HANDLER = PLACES = ("navn", "nummer", "behandler")
PLACE = re.compile(r"\{(" + "|".join(PLACES) + r")\}")
SHOWN_MAX = 200


def get(session: Session, actor: User, canned_id: int) -> CannedReply:
    """The canned reply. Raises NotThere."""
    policy.require(actor, "keep_canned")
    found = session.get(CannedReply, canned_id) if 0 < canned_id <= ID_MAX else None
    if found is None:
        raise NotThere(_("That canned reply is not there any more."))
    return found


def choices(session: Session, actor: User) -> Sequence[CannedReply]:
    """Those that a worker can choose from, by title; of very many the first ones."""
    policy.require(actor, "keep_canned")
    return session.scalars(select(CannedReply).order_by(CannedReply.title).limit(SHOWN_MAX)).all()


def define(session: Session, actor: User, *, title: str, body: str) -> CannedReply:
    """Add a canned reply. Refused for a place in it that nobody could fill."""
    policy.require(actor, "keep_canned")
    canned = CannedReply()
    _set(session, actor, canned, title, body)
    return canned


def change(session: Session, actor: User, canned: CannedReply, *, title: str, body: str) -> None:
    """Change a canned reply; what was sent before stays as it was."""
    policy.require(actor, "keep_canned")
    _set(session, actor, canned, title, body)


def remove(session: Session, actor: User, canned: CannedReply) -> None:
    """Take a canned reply off the list."""
    policy.require(actor, "keep_canned")
    session.delete(canned)


def fill(canned: CannedReply, ticket: Ticket, actor: User) -> str:
    """The text for this ticket; the handler of one that nobody has is whoever writes."""
    values = {
        REQUESTER: ticket.requester.username,
        NUMBER: str(ticket.id),
        HANDLER: (ticket.assignee or actor).username,
    }
    return PLACE.sub(lambda found: values[found[1]], canned.body)


def put_in(
    session: Session, actor: User, ticket: Ticket, canned: CannedReply, *, place: str
) -> None:
    """Put the text at the end of what the actor has begun to write. Refused when it has no room."""
    policy.require(actor, "answer")
    begun = drafts.find(session, actor, [place]).get(place, {})
    parts = (begun.get("body", "").rstrip(), fill(canned, ticket, actor))
    body = "\n\n".join(part for part in parts if part)
    if len(body) > Message.BODY_MAX:
        raise TicketError(
            _("The message is too long: %(most)s characters at most.", most="20 000"), status=422
        )
    kept = {"body": body, "attached": begun.get("attached", [])}
    drafts.save(session, actor, place, fields=kept, key="")


def _set(session: Session, actor: User, canned: CannedReply, title: str, body: str) -> None:
    title, body = rules.clean_title(title), rules.clean_text(body).rstrip()
    if not 1 <= len(title) <= CannedReply.TITLE_MAX or not rules.is_visible(title):
        raise TicketError(
            _(
                "The title must have between 1 and %(most)d characters.",
                most=CannedReply.TITLE_MAX,
            ),
            field="title",
            status=422,
        )
    if not 1 <= len(body) <= CannedReply.BODY_MAX or not rules.is_visible(body):
        raise TicketError(
            _("The text must have between 1 and %(most)s characters.", most="5 000"),
            field="body",
            status=422,
        )
    _check_places(body)
    namesake = session.scalar(
        select(CannedReply)
        .where(or_(CannedReply.title == title, func.lower(CannedReply.title) == title.lower()))
        .limit(1)
    )
    if namesake is not None and namesake is not canned:
        raise TicketError(_("There is a canned reply of that title already."), field="title")
    canned.title, canned.body = title, body
    canned.editor, canned.updated_at = actor, clock.now()
    session.add(canned)


def _check_places(body: str) -> None:
    rest = PLACE.sub("", body)
    if strange := re.search(r"\{[^{}]{0,40}\}?|\}", rest):
        raise TicketError(
            _(
                "%(found)s cannot be filled in. Only %(known)s can.",
                found=" ".join(strange[0].split()),
                known=", ".join(f"{{{name}}}" for name in PLACES),
            ),
            field="body",
            status=422,
        )
