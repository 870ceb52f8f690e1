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


def send(job: Claimed, line: Line) -> None:
    """Send the delivery that the job is about, if it should leave now.

    Between the two changes the message is out of our hands: a worker that dies there leaves it
    to another one, which sends it again under the same Message-ID.
    """
    try:
        ready = unit(lambda: _prepare(job))
    except (OperationalError, queue.Lost):
        raise
    except Exception as error:
        # A fault of ours, not of the other side: the message is tried again, and seen to fail.
        log.exception("delivery %s could not be prepared", job.about)
        ready, fault = None, Outcome(f"{type(error).__name__}: {error}")
        unit(lambda: _settle(job.about, fault, tried=True))
    if ready:
        outcome = deliver.carry(ready, line)
        unit(lambda: _settle(job.about, outcome))


def _prepare(job: Claimed) -> Ready | None:
    with change() as session:
        queue.hold(session, job, clock.now())
        ready = deliver.prepare(session, job.about)
        if ready is None and (delivery := session.get(Delivery, job.about)):
            _next_step(session, delivery)
        return ready


def _settle(number: int, outcome: Outcome, *, tried: bool = False) -> None:
    with change() as session:
        if tried:
            session.get_one(Delivery, number).tries += 1
        _next_step(session, deliver.settle(session, number, outcome))


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
