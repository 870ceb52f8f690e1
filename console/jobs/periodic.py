"""What is done again and again: each a row of the table of jobs with its next time.

A time that passed while no worker ran is caught up once: the next one is counted from now.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from console import hours
from console.accounts.rules import system_user
from console.attachments import sweeping
from console.jobs.queue import LEASE
from console.notify import digest
from console.tickets import drafts, presence, reminders


@dataclass(frozen=True)
class Periodic:
    """`work` is done in the transaction that gives the job its next time, so once and no more.

    `before` is done ahead of it in transactions of its own, and may be done twice when a worker
    dies; the lease is for how long that may take.
    """

    work: Callable[[Session], object]
    next: Callable[[datetime], datetime]
    before: Callable[[], object] | None = None
    lease: timedelta = LEASE


def every(interval: timedelta) -> Callable[[datetime], datetime]:
    """That long after it was done."""
    return lambda now: now + interval


def remind(session: Session) -> int:
    """Tell of tickets that are due soon, or were."""
    return reminders.remind(session, system_user(session))


def forget(session: Session) -> None:
    """Forget old drafts, and who was where."""
    drafts.sweep(session)
    presence.sweep(session)


PERIODIC = {
    "remind": Periodic(remind, every(timedelta(minutes=1))),
    "digest": Periodic(digest.gather, hours.digest_at),
    "sweep": Periodic(
        forget, every(timedelta(days=1)), before=sweeping.sweep, lease=timedelta(hours=1)
    ),
}
