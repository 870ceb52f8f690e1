"""What time it is. One place, so that a demo or a test can live through a month in a second."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

_moment: ContextVar[datetime | None] = ContextVar("moment", default=None)
_ahead: ContextVar[timedelta] = ContextVar("ahead", default=timedelta())


def now() -> datetime:
    """The current time, aware and in UTC."""
    return _moment.get() or datetime.now(UTC) + _ahead.get()


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
    """Let now() go on from `moment` inside the block, as another machine's clock has it."""
    token = _ahead.set(moment - datetime.now(UTC))
    try:
        yield
    finally:
        _ahead.reset(token)
