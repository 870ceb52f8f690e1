"""change(), the only commit in the program, and unit(), which runs one again when told to."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from flask import has_request_context, request
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from console.extensions import db

# The whole transaction is gone (1213, 1020) or must go (1205): the only right answer is to
# roll back and run the whole unit again. A commit after 1205 would store half of it.
DEADLOCKS = {1213, 1020, 1205}
TRIES = 6

Result = TypeVar("Result")


@contextmanager
def change() -> Iterator[Session]:
    """Commit what the block does, all of it once, or none of it.

    It begins a new transaction, so that the rules see the rows as they are now and not as
    they were when the page began.
    """
    session = db.session()
    if session.info.get("changing"):
        raise RuntimeError("change() within change(): a verb must not commit")
    session.rollback()
    session.info["changing"] = True
    try:
        session.connection(execution_options={"begin": "IMMEDIATE"})
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop("changing", None)


def unit(work: Callable[[], Result]) -> Result:
    """Run work(), and again after a pause when the database or a colleague was quicker.

    A broken UNIQUE is among the reasons: when the work is run again it finds the other's row
    and can say so in words.
    """
    for attempt in range(TRIES):
        try:
            return work()
        except (OperationalError, IntegrityError, StaleDataError) as error:
            db.session.rollback()
            if attempt == TRIES - 1 or not passes(error):
                raise
            time.sleep(random.uniform(0, 0.02 * 2**attempt))
    raise AssertionError("unreachable")


def passes(error: Exception) -> bool:
    """Whether running the same work again may well succeed."""
    if isinstance(error, (IntegrityError, StaleDataError)):
        return True
    cause = getattr(error, "orig", None)
    return bool(cause and cause.args and (cause.args[0] in DEADLOCKS or "locked" in str(cause)))


def prepare(engine: Engine) -> None:
    """Make SQLite keep its promises: foreign keys, a patient wait for the lock, real BEGINs."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def connect(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        for pragma in (
            "foreign_keys=ON",
            "busy_timeout=10000",
            "journal_mode=WAL",
            "synchronous=FULL",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # SQLite has one writer, and a reader that turns writer halfway is refused: whoever may
        # write says so at the start.
        kind = "IMMEDIATE" if has_request_context() and request.method == "POST" else "DEFERRED"
        kind = connection.get_execution_options().get("begin", kind)
        connection.exec_driver_sql(f"BEGIN {kind}")
