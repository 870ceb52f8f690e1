"""One worker process: it looks for what is due every second, and does it one by one."""

import logging
import os
import secrets
import select
import signal
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy.exc import DBAPIError, OperationalError

from console import clock
from console.extensions import db
from console.jobs import queue, sending
from console.jobs.periodic import PERIODIC, Periodic
from console.jobs.queue import Claimed, Lost
from console.jobs.sending import Sender
from console.models import Job
from console.notify import chat, outbox
from console.transaction import change, unit

log = logging.getLogger(__name__)

# Between two looks when nothing is due, and when the database does not answer.
PAUSE, PAUSE_DOWN = 1.0, 3.0
# After a job has failed that is no message: those have their own pauses. Soon, when it was cut off.
AGAIN, AGAIN_SOON = timedelta(minutes=1), timedelta(seconds=5)


class Worker:
    """Claims jobs and does them until it is told to stop."""

    def __init__(self) -> None:
        self.sender = Sender()
        self.jobs: dict[str, Callable[[Claimed], None]] = {
            outbox.DELIVER: self.sender.send,
            "alarm": sending.alarm,
            **{name: _periodic(periodic) for name, periodic in PERIODIC.items()},
        }
        self.stopping = False
        # Rung by a signal, so that no pause is waited for to its end.
        self.bell: socket.socket | None = None
        # All that this process claims has it, so that it can be found whatever was answered.
        self.token = secrets.token_hex(8)
        self.holds = False

    def stop(self, *_: Any) -> None:
        """End after the job at hand. For signals, and from other threads."""
        self.stopping = True
        if self.bell:
            self.bell.send(b".")

    def run(self, *, with_parent: int | None = None) -> None:
        """Work until told to stop; with its parent it ends as well, however that ended."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        for fault in chat.faults(current_app.config):
            log.error("%s", fault)
        log.info("worker %s is looking for jobs", os.getpid())
        begun, (self.bell, heard) = False, socket.socketpair()
        while not self.stopping and with_parent in (None, os.getppid()):
            pause = PAUSE
            try:
                begun = begun or self.begin()
                if self.turn():
                    continue
            except DBAPIError as error:
                log.warning("the database does not answer: %s", type(error).__name__)
                pause = PAUSE_DOWN
            self.sender.line.close()
            select.select([heard], [], [], pause)
        self.sender.line.close()
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
            self.sender.note()
            self.let_go()
            self.holds = True
            jobs, done = unit(lambda: queue.claim(clock.now(), token=self.token)), 0
            for job in jobs:
                if self.stopping:
                    break
                self.do(job)
                done += 1
            self.holds = done < len(jobs)
            self.let_go()
            return done

    def let_go(self) -> None:
        """Free what was claimed and not done, for a stop or because the database went away."""
        if self.holds:
            unit(lambda: queue.give_back(self.token))
            self.holds = False

    def do(self, job: Claimed) -> None:
        """Do one job. One that fails is noted and tried again, and never stops the others."""
        try:
            self.jobs[job.name](job)
        except Lost:
            log.warning("job %s (%s) is another worker's by now", job.number, job.name)
        except OperationalError as error:
            # That can be the database, or this one job's: it is the job's if it can be noted.
            log.warning("job %s (%s): %s", job.number, job.name, error)
            self.sender.note()
            self._failed(job, error, AGAIN_SOON)
        except Exception as error:
            log.exception("job %s (%s) failed", job.number, job.name)
            self._failed(job, error, AGAIN)
        finally:
            db.session.remove()

    def _failed(self, job: Claimed, error: Exception, pause: timedelta) -> None:
        reason = f"{type(error).__name__}: {error}"[: Job.ERROR_MAX]

        def note() -> None:
            with change() as session:
                queue.fail(session, job, reason, again=clock.now() + pause)

        unit(note)


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
    worker.sender.line.close()
    return done
