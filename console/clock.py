"""What time it is. One place, so that a demo or a test can live through a month in a second."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

_moment: ContextVar[datetime | None] = ContextVar("moment", default=None)
_other: ContextVar[tuple[datetime, float] | None] = ContextVar("other", default=None)


def now() -> datetime:
    """The current time, aware and in UTC."""
    if moment := _moment.get():
        return moment
    if other := _other.get():
        said, heard = other
        return said + timedelta(seconds=time.monotonic() - heard)
    return datetime.now(UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let now() answer `moment` inside the block."""
    token = _moment.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _moment.reset(token)


@contextmanager
def set_to(moment: datetime) -> Iterator[None]:
    """Let now() go on from `moment` inside the block, as another machine's clock has it.

    Whatever our own is set to meanwhile: it is asked for how long it was, and not how late it is.
    """
    token = _other.set((moment.astimezone(UTC), time.monotonic()))
    try:
        yield
    finally:
        _other.reset(token)
