"""One worker process: it looks for what is due every second, and does it one by one."""

import logging
import os
import select
import signal
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy.exc import OperationalError

from console import clock
from console.extensions import db
from console.jobs import queue, sending
from console.jobs.periodic import PERIODIC, Periodic
from console.jobs.queue import Claimed, Lost
from console.notify import chat, outbox
from console.notify.smtp import Line
from console.transaction import change, unit

log = logging.getLogger(__name__)

# Between two looks when nothing is due, and when the database does not answer.
PAUSE, PAUSE_DOWN = 1.0, 3.0
# After a job has failed that is no message: those have their own pauses.
AGAIN = timedelta(minutes=1)


class Worker:
    """Claims jobs and does them until it is told to stop."""

    def __init__(self) -> None:
        self.line = Line()
        self.jobs: dict[str, Callable[[Claimed], None]] = {
            outbox.DELIVER: lambda job: sending.send(job, self.line),
            "alarm": sending.alarm,
            **{name: _periodic(periodic) for name, periodic in PERIODIC.items()},
        }
        self.parent = os.getppid()
        self.stopping = False
        # Rung by a signal, so that no pause is waited for to its end.
        self.bell: socket.socket | None = None
        # Claimed, and not done because the database went away.
        self.left: list[Claimed] = []

    def stop(self, *_: Any) -> None:
        """End after the job at hand. For signals, and from other threads."""
        self.stopping = True
        if self.bell:
            self.bell.send(b".")

    def run(self, *, with_parent: bool = False) -> None:
        """Work until told to stop; with its parent it ends as well, however that ended."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        for fault in chat.faults(current_app.config):
            log.error("%s", fault)
        log.info("worker %s is looking for jobs", os.getpid())
        begun, (self.bell, heard) = False, socket.socketpair()
        while not self.stopping and not (with_parent and os.getppid() != self.parent):
            pause = PAUSE
            try:
                begun = begun or self.begin()
                if self.turn():
                    continue
            except OperationalError as error:
                log.warning("no jobs can be read: %s", type(error).__name__)
                pause = PAUSE_DOWN
            self.line.close()
            select.select([heard], [], [], pause)
        self.line.close()
        self.bell.close()
        heard.close()

    def begin(self) -> bool:
        """Have a row for each periodic job, and look again at what waits for a setting."""
        with clock.set_to(self.now()):
            queue.ensure(list(PERIODIC), clock.now())
            unit(lambda: queue.unpark(clock.now()))
        return True

    def now(self) -> datetime:
        """The time by the database's clock."""
        try:
            with change() as session:
                return queue.database_time(session)
        finally:
            db.session.remove()

    def turn(self) -> int:
        """Do what is due, as much as is claimed at once; answers how many jobs that was."""
        with clock.set_to(self.now()):
            unit(lambda: queue.give_back(self.left))
            self.left = unit(lambda: queue.claim(clock.now()))
            done = 0
            while self.left and not self.stopping:
                self.do(self.left[0])
                del self.left[0]
                done += 1
            unit(lambda: queue.give_back(self.left))
            self.left = []
            return done

    def do(self, job: Claimed) -> None:
        """Do one job. One that fails is noted and tried again, and never stops the others."""
        try:
            self.jobs[job.name](job)
        except Lost:
            log.warning("job %s (%s) is another worker's by now", job.number, job.name)
        except OperationalError:
            raise  # the database is away: the job is done when it is back
        except Exception as error:
            log.exception("job %s (%s) failed", job.number, job.name)
            reason = f"{type(error).__name__}: {error}"[:255]
            unit(lambda: self._failed(job, reason))
        finally:
            db.session.remove()

    def _failed(self, job: Claimed, reason: str) -> None:
        with change() as session:
            queue.fail(session, job, reason, again=clock.now() + AGAIN)


def _periodic(periodic: Periodic) -> Callable[[Claimed], None]:
    def do(job: Claimed) -> None:
        if periodic.before:
            unit(lambda: _hold(job, periodic))
            periodic.before()
        unit(lambda: _finish(job, periodic))

    return do


def _hold(job: Claimed, periodic: Periodic) -> None:
    with change() as session:
        queue.hold(session, job, clock.now(), lease=periodic.lease)


def _finish(job: Claimed, periodic: Periodic) -> None:
    with change() as session:
        periodic.work(session)
        now = clock.now()
        queue.finish(session, job, again=periodic.next(now), now=now)


def until_nothing_is_due() -> int:
    """Do what is due now and no more; answers how many jobs that was. For cron, and tests."""
    worker, done = Worker(), 0
    worker.begin()
    while some := worker.turn():
        done += some
    worker.line.close()
    return done
