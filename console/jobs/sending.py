"""The jobs that send: a delivery, and the alarm about deliveries."""

import logging

from flask import current_app
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from console import clock
from console.accounts.rules import system_user
from console.jobs import queue
from console.jobs.queue import Claimed
from console.models import Delivery, DeliveryState
from console.notify import alarms, chat, deliver
from console.notify.deliver import Outcome, Ready
from console.notify.smtp import Line
from console.tickets import undelivered
from console.transaction import change, unit

log = logging.getLogger(__name__)


class Sender:
    """Sends deliveries, and remembers which have left until that is written down."""

    def __init__(self) -> None:
        self.line = Line()
        # Taken over by the other side while the database was away: to be sent by nobody again.
        self.sent: list[Claimed] = []

    def send(self, job: Claimed) -> None:
        """Send the delivery that the job is about, if it should leave now.

        Between the two changes the message is out of our hands: a worker that dies there leaves
        it to another one, which sends it again under the same Message-ID.
        """
        try:
            ready = unit(lambda: _prepare(job))
        except (OperationalError, queue.Lost):
            raise
        except Exception as error:
            # A fault of ours, not of the other side: the message is tried again, and seen to fail.
            log.exception("delivery %s could not be prepared", job.about)
            fault = Outcome(f"{type(error).__name__}: {error}")
            unit(lambda: _not_sent(job, fault, tried=True))
            return
        if ready is None:
            return
        outcome = deliver.carry(ready, self.line)
        if outcome.reason:
            unit(lambda: _not_sent(job, outcome))
        else:
            self.sent.append(job)
            self.note()

    def note(self) -> None:
        """Write down what has left. Raises OperationalError while the database is away."""
        while self.sent:
            unit(lambda: _sent(self.sent[0]))
            del self.sent[0]


def _prepare(job: Claimed) -> Ready | None:
    with change() as session:
        queue.hold(session, job, clock.now())
        ready = deliver.prepare(session, job.about)
        if ready is None and (delivery := session.get(Delivery, job.about)):
            _next_step(session, delivery)
        return ready


def _sent(job: Claimed) -> None:
    """It is so whoever has the job by now."""
    with change() as session:
        deliver.settle(session, job.about, Outcome())


def _not_sent(job: Claimed, outcome: Outcome, *, tried: bool = False) -> None:
    """Raises Lost when another worker has the job: what counts is what came of it there."""
    with change() as session:
        queue.hold(session, job, clock.now())
        if tried:
            session.get_one(Delivery, job.about).tries += 1
        _next_step(session, deliver.settle(session, job.about, outcome))


def _next_step(session: Session, delivery: Delivery) -> None:
    """What failed for good is somebody's to do something about."""
    if delivery.state is DeliveryState.FAILED and delivery.ticket:
        undelivered.undelivered(session, system_user(session), delivery.ticket, delivery)


def alarm(job: Claimed) -> None:
    """Tell the admins that the automatic messages stand still."""

    def work() -> None:
        with change() as session:
            alarms.stopped(session, list(chat.team(current_app.config)))
            queue.finish(session, job, again=None, now=clock.now())

    unit(work)
