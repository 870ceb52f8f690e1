"""Sent twice is once: the keys by which a form that comes again is known."""

import hashlib

from sqlalchemy import select
from sqlalchemy.orm import Session

from console import clock
from console.models import Attachment, User

# The same words from the same person within this many seconds are one, sent twice.
RETRY_WINDOW = 60


def submission_keys(
    session: Session, actor: User, key: str | None, *words: str, files: list[int]
) -> list[str]:
    """The keys that this submission may already stand under; the first is its own.

    The words and the files count too: a form used again by the back button brings an old key
    with other words, and that is another submission.
    """
    content = "\n".join((*words, *_digests(session, actor, files)))
    digest = hashlib.sha256(content.encode()).hexdigest()[:32]
    if key:
        form = hashlib.sha256(f"{actor.id}:{key}".encode()).hexdigest()[:32]
        return [f"form:{form}:{digest}"]
    window = int(clock.now().timestamp()) // RETRY_WINDOW
    return [f"words:{window - back}:{actor.id}:{digest}" for back in (0, 1)]


def _digests(session: Session, actor: User, files: list[int]) -> list[str]:
    """What is in the files, whether they are attached by now or not."""
    if not files:
        return []
    own = select(Attachment.sha256).where(
        Attachment.id.in_(files), Attachment.uploader_id == actor.id
    )
    return sorted(session.scalars(own))
