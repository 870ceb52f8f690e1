"""Drafts: what somebody is writing survives a crash and a log-out, and is nobody else's."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from console import clock
from console.attachments.files import FILES_MAX
from console.models import Draft, Message, User

KEPT = timedelta(days=30)
# The fields of a form that are kept; everything else in it is made anew.
TEXTS = ("body", "title", "description", "requester", "account")
# Browsers send line breaks as two characters.
TEXT_MAX = 2 * Message.BODY_MAX


def save(session: Session, actor: User, place: str, *, fields: dict[str, Any], key: str) -> bool:
    """Keep what stands in the form now. False for a straggler of a form that has been sent."""
    draft = _find(session, actor, place)
    if draft is None:
        draft = Draft(author_id=actor.id, place=place, fields={}, sent_key="")
        session.add(draft)
    elif key and draft.sent_key == key:
        return False
    kept: dict[str, Any] = {
        name: str(fields[name])[:TEXT_MAX].replace("\x00", "") for name in TEXTS if fields.get(name)
    }
    if attached := fields.get("attached"):
        kept["attached"] = list(attached)[:FILES_MAX]
    draft.fields, draft.updated_at = kept, clock.now()
    return True


def sent(session: Session, actor: User, place: str, *, key: str | None) -> None:
    """Empty the draft of a form that is sent, in the transaction that sends it.

    Its key is kept even if there was no draft: the first one may still be on its way.
    """
    draft, key = _find(session, actor, place), (key or "")[:80]
    if draft is None and key:
        draft = Draft(author_id=actor.id, place=place)
        session.add(draft)
    if draft:
        draft.fields, draft.sent_key, draft.updated_at = {}, key, clock.now()


def find(session: Session, actor: User, places: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What the actor has begun in each of these forms and not sent."""
    drafts = session.execute(
        select(Draft.place, Draft.fields).where(
            Draft.author_id == actor.id, Draft.place.in_(places)
        )
    )
    return {place: fields for place, fields in drafts if fields}


def sweep(session: Session) -> int:
    """Forget drafts that nobody has touched for a month; answers how many."""
    old = delete(Draft).where(Draft.updated_at < clock.now() - KEPT)
    return session.connection().execute(old).rowcount


def _find(session: Session, actor: User, place: str) -> Draft | None:
    """The draft, held: a save and the sending must not overtake each other."""
    own = select(Draft).where(Draft.author_id == actor.id, Draft.place == place)
    return session.scalar(own.with_for_update())
