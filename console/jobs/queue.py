"""Claiming jobs: one conditional UPDATE, so that of any number of workers one gets each.

Times here are the database's: workers on several machines agree on them, whatever their own
clocks say.
"""

import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Delete, Update, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from console.models import Job, Lane
from console.transaction import change

# A worker that has not been heard of for so long is taken for dead, and its jobs are redone.
LEASE = timedelta(minutes=2)
# So many are claimed at once; what comes in later and goes first waits no longer than these.
BATCH = 10
# Workers look at so many batches and take one of them, so that they do not all want the first.
SPREAD = 4


class Lost(Exception):
    """The job belongs to another worker by now: nothing of what was done for it may stay."""


@dataclass(frozen=True)
class Claimed:
    """A job that is ours until its lease runs out."""

    number: int
    name: str
    about: int
    token: str


def database_time(session: Session) -> datetime:
    """What time it is where all workers look."""
    if session.get_bind().dialect.name == "sqlite":  # in our own process
        return datetime.now(UTC)
    now: datetime = session.execute(select(func.utc_timestamp(6))).scalar_one()
    return now.replace(tzinfo=UTC)


def claim(now: datetime, *, token: str = "", lease: timedelta = LEASE) -> list[Claimed]:
    """Make due jobs ours; none when there are none. The first lanes go first."""
    token = token or secrets.token_hex(8)
    with change() as session:
        wanted = _due(session, now)
        if not wanted:
            return []
        session.execute(
            update(Job)
            .where(Job.id.in_(wanted), *_free(now))
            .values(token=token, leased_until=now + lease)
            .execution_options(synchronize_session=False)
        )
        ours = session.execute(
            select(Job.id, Job.name, Job.about)
            .where(Job.id.in_(wanted), Job.token == token)
            .order_by(Job.lane, Job.run_at, Job.id)
        )
        return [Claimed(row.id, row.name, row.about, token) for row in ours]


def _due(session: Session, now: datetime) -> list[int]:
    found: list[int] = []
    for lane in Lane:
        due = (
            select(Job.id)
            .where(Job.lane == lane, *_free(now))
            .order_by(Job.run_at, Job.id)
            .limit(BATCH * SPREAD)
        )
        numbers = session.scalars(due).all()
        start = BATCH * random.randrange(max(1, len(numbers) // BATCH))
        found += numbers[start : start + BATCH - len(found)]
        if len(found) >= BATCH:
            break
    return found


def _free(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Job.run_at <= now, or_(Job.leased_until.is_(None), Job.leased_until <= now)


def hold(session: Session, job: Claimed, now: datetime, *, lease: timedelta = LEASE) -> None:
    """Make sure that the job is ours still, and for a whole lease more. Raises Lost."""
    held = update(Job).where(*_ours(job)).values(leased_until=now + lease)
    if not session.connection().execute(held).rowcount:
        raise Lost


def finish(session: Session, job: Claimed, *, again: datetime | None, now: datetime) -> None:
    """Take the job away, or give a periodic one its next time. Raises Lost.

    In the transaction of what was done: both stay, or neither.
    """
    free = {"token": None, "leased_until": None, "failures": 0, "error": ""}
    done: Delete | Update = delete(Job).where(*_ours(job))
    if again:
        done = update(Job).where(*_ours(job)).values(run_at=again, done_at=now, **free)
    if not session.connection().execute(done).rowcount:
        raise Lost


def fail(session: Session, job: Claimed, reason: str, *, again: datetime) -> None:
    """Note why the job could not be done, and when it is tried again."""
    session.execute(
        update(Job)
        .where(*_ours(job))
        .values(
            run_at=again, token=None, leased_until=None, failures=Job.failures + 1, error=reason
        )
        .execution_options(synchronize_session=False)
    )


def give_back(token: str) -> None:
    """Free what was claimed with the token and not done."""
    with change() as session:
        session.execute(
            update(Job)
            .where(Job.token == token)
            .values(token=None, leased_until=None)
            .execution_options(synchronize_session=False)
        )


def _ours(job: Claimed) -> tuple[ColumnElement[bool], ...]:
    return Job.id == job.number, Job.token == job.token


def ensure(names: Sequence[str], now: datetime) -> None:
    """Have a row for each periodic job; of several workers that begin at once one makes it."""
    for name in names:
        try:
            with change() as session:
                if session.scalar(select(Job.id).where(Job.name == name, Job.about == 0)) is None:
                    session.add(Job(name=name, lane=Lane.PERIODIC, run_at=now))
        except IntegrityError:
            continue


def unpark(now: datetime) -> None:
    """Have another look at what waits for a setting: it may be there now."""
    with change() as session:
        session.execute(
            update(Job)
            .where(Job.run_at.is_(None))
            .values(run_at=now)
            .execution_options(synchronize_session=False)
        )
