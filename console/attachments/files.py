"""Files and their rows: kept, found, attached, discarded, swept.

keep() puts the bytes into the store, before any transaction begins; the rest are rules that
work in the caller's transaction. A file is pending until it is attached: it has a row and an
uploader, and no ticket.
"""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import IO, Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from console import clock
from console.attachments import kinds, pictures, store
from console.attachments.errors import AttachmentError
from console.attachments.names import clean_name
from console.masking import mask
from console.models import ID_MAX, Attachment, Caution, Message, Ticket, User

FILES_MAX = 10
PENDING_MAX = 50
# How long a file waits to be attached (as long as the draft that it may belong to), and how
# long one may lie without a row.
PENDING_LIFETIME = timedelta(days=30)
ORPHAN_AGE = timedelta(days=1)
THUMB, VIEW = ".thumb", ".view"
BATCH = 100


@dataclass(frozen=True)
class Kept:
    """A file that lies in the store and has no row yet."""

    name: str
    media_type: str
    caution: Caution
    size: int
    sha256: str
    store_key: str
    width: int | None = None
    height: int | None = None


def keep(upload: FileStorage) -> Kept:
    """Check the file, and put it and its previews into the store. Raises AttachmentError."""
    name, file = without_numbers(clean_name(upload.filename or "")), upload.stream
    size, sha256, head = _measure(file, name)
    media_type, caution = kinds.look(name, head)
    drawn = pictures.previews(file) if media_type in pictures.MEDIA_TYPES else None
    key = f"{clock.now():%Y/%m}/{secrets.token_hex(16)}"
    parts: list[tuple[str, IO[bytes]]] = [(key, file)]
    if drawn:
        parts += [(key + THUMB, BytesIO(drawn.thumb)), (key + VIEW, BytesIO(drawn.view))]
    _store_all(parts)
    return Kept(
        name=name,
        media_type=media_type,
        caution=caution,
        size=size,
        sha256=sha256,
        store_key=key,
        width=drawn.width if drawn else None,
        height=drawn.height if drawn else None,
    )


def without_numbers(name: str) -> str:
    """The name without the numbers of people and cards: names stand in lists and mails too."""
    stem, dot, ending = name.rpartition(".")
    return f"{mask(stem)}{dot}{ending}"[-Attachment.NAME_MAX :] if stem else mask(name)


def drop(kept: Kept) -> None:
    """Take a file out of the store again that got no row."""
    store.delete(store_keys(kept))


def add(session: Session, actor: User, kept: Kept) -> Attachment:
    """Give a stored file its row, pending, as the actor's. Of too many the oldest are forgotten."""
    newest = select(Attachment).where(*_pending_of(actor)).order_by(Attachment.id.desc())
    # Their files have no row from now on, and are swept.
    _forget(session, session.scalars(newest.offset(PENDING_MAX - 1).limit(BATCH)).all())
    attachment = Attachment(uploader_id=actor.id, created_at=clock.now(), **vars(kept))
    session.add(attachment)
    session.flush()  # the caller needs its number
    return attachment


def find_pending(session: Session, actor: User, ids: Iterable[int]) -> list[Attachment]:
    """Those of the files that are the actor's and not yet attached, in the order of the ids."""
    wanted = _possible(ids)
    rows = session.scalars(
        select(Attachment).where(Attachment.id.in_(wanted), *_pending_of(actor))
    ).all()
    return sorted(rows, key=lambda row: wanted.index(row.id))


def attach(
    session: Session,
    actor: User,
    ids: Iterable[int],
    *,
    ticket: Ticket,
    message: Message | None = None,
) -> Sequence[str]:
    """Attach the actor's pending files to the ticket, or to a message on it: all or none.

    Answers their names. Raises AttachmentError when one of them is gone, was attached before,
    or is another's.
    """
    ids = list(dict.fromkeys(ids))
    if not ids:
        return []
    if len(ids) > FILES_MAX:
        raise too_many()
    session.flush()  # the message needs its number
    taken = (
        update(Attachment)
        .where(Attachment.id.in_(_possible(ids)), *_pending_of(actor))
        .values(ticket_id=ticket.id, message_id=message.id if message else None)
    )
    if session.connection().execute(taken).rowcount != len(ids):
        raise AttachmentError(_("One of the files is no longer there. Attach it again."))
    return session.scalars(select(Attachment.name).where(Attachment.id.in_(ids))).all()


def detach(session: Session, message: Message) -> list[int]:
    """Make the files of a message pending again, and their uploader's; answers their numbers."""
    own = select(Attachment.id).where(Attachment.message_id == message.id).order_by(Attachment.id)
    ids = list(session.scalars(own))
    freed = update(Attachment).where(Attachment.message_id == message.id)
    session.execute(freed.values(ticket_id=None, message_id=None))
    return ids


def discard(session: Session, actor: User, ids: Iterable[int]) -> list[str]:
    """Forget those of the files that are the actor's and pending.

    Answers the keys to delete after the commit; none when there was nothing to forget.
    """
    rows = find_pending(session, actor, ids)
    return _forget(session, rows) if rows else []


def sweep(session: Session, *, limit: int = BATCH) -> list[str]:
    """Forget pending files that nobody sent for a month, some at a time.

    Answers the keys to delete after the commit; none when there is nothing left to sweep.
    """
    old = session.scalars(
        select(Attachment)
        .where(
            Attachment.ticket_id.is_(None),
            Attachment.created_at < clock.now() - PENDING_LIFETIME,
        )
        .order_by(Attachment.id)
        .limit(limit)
        .with_for_update()
    ).all()
    return _forget(session, old)


def find_orphans(session: Session, keys: Sequence[str]) -> list[str]:
    """Those of the keys in the store that belong to no row."""
    with_row = set(
        session.scalars(
            select(Attachment.store_key).where(Attachment.store_key.in_(without_previews(keys)))
        )
    )
    return [key for key in keys if _without_suffix(key) not in with_row]


def store_keys(file: Kept | Attachment) -> list[str]:
    """Where the file lies, and its previews."""
    key = file.store_key
    return [key, key + THUMB, key + VIEW] if file.width else [key]


def without_previews(keys: Iterable[str]) -> set[str]:
    """The keys of the originals among these."""
    return {_without_suffix(key) for key in keys}


def too_many() -> AttachmentError:
    """The refusal of more files than a message may have."""
    return AttachmentError(_("At most %(number)d files at a time.", number=FILES_MAX))


def _measure(file: IO[bytes], name: str) -> tuple[int, str, bytes]:
    """The file's size, its SHA-256 and its first bytes; raises when it cannot be taken."""
    if getattr(file, "no_room", False):
        raise AttachmentError(_("There is no room for %(name)s just now.", name=name), status=507)
    size, digest, head = 0, hashlib.sha256(), b""
    file.seek(0)
    while not getattr(file, "too_large", False) and (piece := file.read(store.PIECE)):
        head = head or piece[: kinds.HEAD]
        size += len(piece)
        digest.update(piece)
        if size > Attachment.SIZE_MAX:
            break
    if getattr(file, "too_large", False) or size > Attachment.SIZE_MAX:
        raise AttachmentError(
            _("%(name)s is too large: %(most)d MB at most.",
              name=name, most=Attachment.SIZE_MAX // 1024 // 1024),
            status=413,
        )  # fmt: skip
    if not size:
        raise AttachmentError(_("%(name)s is empty.", name=name))
    return size, digest.hexdigest(), head


def _store_all(parts: list[tuple[str, IO[bytes]]]) -> None:
    """Put all parts into the store, or leave none there."""
    done: list[str] = []
    try:
        for key, file in parts:
            store.put(key, file)
            done.append(key)
    except AttachmentError:
        if done:
            store.delete(done)
        raise


def _pending_of(actor: User) -> tuple[ColumnElement[bool], ...]:
    return Attachment.uploader_id == actor.id, Attachment.ticket_id.is_(None)


def _possible(ids: Iterable[int]) -> list[int]:
    """The ids that the database could hold, each once."""
    return [i for i in dict.fromkeys(ids) if 0 < i <= ID_MAX]


def _forget(session: Session, rows: Sequence[Any]) -> list[str]:
    """Delete the rows, if they are still pending; answers the keys of their files."""
    keys = [key for row in rows for key in store_keys(row)]
    ids = [row.id for row in rows]
    pending = delete(Attachment).where(Attachment.id.in_(ids), Attachment.ticket_id.is_(None))
    # Fewer: one was attached in this moment. Its file stays, and the others are found later.
    return keys if session.connection().execute(pending).rowcount == len(ids) else []


def _without_suffix(key: str) -> str:
    return key.removesuffix(THUMB).removesuffix(VIEW)
