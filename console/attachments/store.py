"""Where the bytes lie: a folder, or a bucket that speaks S3. Nobody else touches them.

The keys are made by us at random. Whatever goes wrong below is logged here and becomes a
refusal with a sentence.
"""

import errno
import logging
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

import obstore
from flask import Flask, current_app
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from console.attachments.errors import Missing, NoRoom, Unreachable

log = logging.getLogger(__name__)

PIECE = 256 * 1024
# S3 takes no smaller part of an upload, except for the last one.
S3_PART = 5 * 1024 * 1024
TRUE = ("1", "true", "yes", "on")
FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
# What S3 services say when they are full.
FULL_WORDS = re.compile(r"Insufficient ?Storage|StorageFull|QuotaExceeded", re.IGNORECASE)


class Place:
    """The folder or the bucket of one application, opened when it is first used."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.folder = None if url.startswith("s3://") else Path(url)
        self.part = PIECE if self.folder else S3_PART
        self._store: LocalStore | S3Store | None = None

    def open(self) -> LocalStore | S3Store:
        """The store behind the address; a folder is made when it is not there."""
        if self._store is None:
            if self.folder:
                _make_private(self.folder)
                self._store = LocalStore(self.folder.resolve())
            else:
                self._store = S3Store.from_url(
                    self.url,
                    client_options={
                        "connect_timeout": "3s",
                        "read_timeout": "20s",
                        "timeout": "10m",
                        # With options of our own the library no longer reads it itself.
                        "allow_http": os.environ.get("AWS_ALLOW_HTTP", "").lower() in TRUE,
                    },
                    retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=15)},
                )
        return self._store

    def prepare(self, key: str) -> None:
        """Make the folder of a key ourselves: the library's would be open to everybody."""
        if self.folder:
            _make_private((self.folder / key).parent)

    def forget(self) -> None:
        """Open anew next time: the folder may have been taken away under us."""
        self._store = None


def _make_private(folder: Path) -> None:
    if folder.is_dir():
        return
    if not folder.parent.is_dir():
        _make_private(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)


@dataclass(frozen=True)
class Found:
    """A stored file that is about to be sent."""

    size: int
    pieces: Iterator[bytes]


def init_app(app: Flask) -> None:
    """Remember where this application's files lie."""
    app.extensions["attachments"] = Place(app.config["ATTACHMENTS_URL"])


def is_writable() -> bool:
    """Whether files can be stored, as far as that costs nothing: a bucket is not asked."""
    folder = _place().folder
    return folder is None or not folder.exists() or os.access(folder, os.W_OK | os.X_OK)


def put(key: str, file: IO[bytes]) -> None:
    """Store a file, read from its beginning in small pieces. Refuses to write over another."""
    place = _place()
    with _refusing(f"put {key}"):
        store = place.open()
        with suppress(FileNotFoundError):
            obstore.head(store, key)
            raise FileExistsError(key)
        place.prepare(key)
        file.seek(0)
        # One piece at a time: the library would hold a dozen of them.
        obstore.put(store, key, file, chunk_size=place.part, max_concurrency=1)


def read(key: str) -> Found:
    """The size of a stored file, and its bytes in pieces. Raises Missing before the first one."""
    with _refusing(f"read {key}"):
        try:
            found = obstore.get(_place().open(), key)
        except FileNotFoundError as error:
            log.error("attachments: read %s: %s", key, _line(error))
            raise Missing from None
        return Found(found.meta["size"], _pieces(key, found))


def _pieces(key: str, found: Any) -> Iterator[bytes]:
    try:
        for piece in found.stream(min_chunk_size=PIECE):
            yield bytes(piece)
    except (BaseError, OSError) as error:
        # The answer has begun: all that is left is to end it before its announced length.
        log.error("attachments: read %s broke off: %s", key, _line(error))
        raise ConnectionAbortedError(key) from None


def delete(keys: Iterable[str]) -> int:
    """Take files out of the store; what is gone already is no fault. Answers how many went."""
    gone = 0
    for key in keys:
        with _refusing(f"delete {key}"), suppress(FileNotFoundError):
            obstore.delete(_place().open(), key)
            gone += 1
    return gone


def older_than(moment: datetime, prefixes: Iterable[str]) -> Iterator[list[str]]:
    """The keys of files stored before the moment, some at a time, under the given prefixes."""
    for prefix in prefixes:
        with _refusing(f"list {prefix}"):
            for found in obstore.list(_place().open(), prefix, chunk_size=500):
                if keys := [o["path"] for o in found if o["last_modified"] < moment]:
                    yield keys


def delete_torn(moment: datetime) -> int:
    """Remove the halves that a dying process left in a folder before the moment."""
    folder, gone = _place().folder, 0
    with _refusing("delete halves"):
        for path in folder.glob("*/*/*#*") if folder else ():
            if path.stat().st_mtime < moment.timestamp():
                path.unlink(missing_ok=True)
                gone += 1
    return gone


def _place() -> Place:
    place: Place = current_app.extensions["attachments"]
    return place


@contextmanager
def _refusing(what: str) -> Iterator[None]:
    """Turn what the store and the system say into a refusal, and log it."""
    try:
        yield
    except (BaseError, OSError, ValueError) as error:
        _place().forget()
        log.error("attachments: %s: %s", what, _line(error))
        raise (NoRoom if _is_full(error) else Unreachable)() from None


def _is_full(error: Exception) -> bool:
    """Whether there is no room: by the system's number, which the library has in its text."""
    number = getattr(error, "errno", None)
    if said := re.search(r"\(os error (\d+)\)", str(error)):
        number = int(said[1])
    return number in FULL or bool(FULL_WORDS.search(str(error)))


def _line(error: Exception) -> str:
    """The first line of what went wrong: below it the library lists its own insides."""
    return f"{type(error).__name__} {str(error).partition(chr(10))[0][:300]}"
