"""What many pages show, counted once for a while."""

import time
from collections.abc import Callable
from typing import TypeVar, cast

from flask import current_app

T = TypeVar("T")
# More than this many are forgotten all at once.
MOST = 1000


def counted(key: tuple[object, ...], seconds: float, count: Callable[[], T]) -> T:
    """What is kept under the key, or what count() gives, which this process keeps for so long."""
    values = current_app.extensions.setdefault("kept", {})
    until, value = values.get(key, (0.0, None))
    now = time.monotonic()
    if until < now:
        value = count()
        if len(values) >= MOST:
            values.clear()
        values[key] = now + seconds, value
    return cast(T, value)
