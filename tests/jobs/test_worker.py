"""What a worker process does with what is due: all of it, whatever one job comes to."""

import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from console import clock
from console.extensions import db
from console.jobs import queue, sending
from console.jobs.worker import Worker
from console.models import (
    DeliveryState,
    Job,
    Kind,
    Lane,
    Topic,
)
from console.notify import deliver, outbox
from console.notify.deliver import Outcome
from console.transaction import change
from tests.conftest import history_of
from tests.notify.owing import owe

# A Friday in November, at one o'clock in Oslo.
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def job(name, about=0, *, lane=Lane.PEOPLE, run_at=NOON):
    with change() as session:
        row = Job(name=name, about=about, lane=lane, run_at=run_at)
        session.add(row)
        session.flush()
        return row.id


def row(number):
    with change() as session:
        return session.get(Job, number)


def due(office, *, at=NOON):
    """What a worker does that begins at that time."""
    with clock.at(at):
        return office.send()


# --- one job that fails


def test_an_unknown_job_is_noted_and_does_not_stop_the_others(office, serve, log_lines):
    mailbox = serve()
    with office.app.app_context():
        odd = job("dance")
        with clock.at(NOON):
            office.plan()
        assert due(office) == 1
        assert len(mailbox.mails) == 1
        found = row(odd)
        assert (found.failures, found.error) == (1, "KeyError: 'dance'")
        assert found.run_at == NOON + MINUTE
        due(office, at=NOON + MINUTE)
        assert row(odd).failures == 2
    assert any("job" in line and "dance" in line for line in log_lines)


def test_what_the_database_refuses_of_one_job_does_not_stop_the_others(office, serve):
    """An error that looks like a database that is away is the job's if it can be noted."""
    mailbox = serve()
    with office.app.app_context():
        worker = Worker()

        def broken(_job):
            with change() as session:
                session.execute(sa.text("SELECT nowhere FROM jobs"))

        worker.jobs["broken"] = broken
        odd = job("broken", lane=Lane.PERIODIC)
        with clock.at(NOON):
            office.plan()
            worker.begin()
            worker.turn()
        worker.sender.line.close()
        assert len(mailbox.mails) == 1
        found = row(odd)
        assert found.failures == 1
        assert "nowhere" in found.error


def worn_out(office, number):
    """Try it at each of its times, and no more often, until it is not tried again."""
    with clock.at(NOON):
        while office.row(number).state in outbox.OWED:
            with clock.at(office.row(number).run_at):
                office.send()
            yield office.row(number)


def test_a_template_with_a_missing_value_is_tried_again_and_at_last_given_up(
    office, serve, number, log_lines
):
    mailbox = serve()
    with office.app.app_context(), clock.at(NOON):
        with change() as session:
            # A receipt of nothing that happened: its template asks who wrote the ticket.
            broken = owe(session, number, topic=Topic.RECEIPT).id
        good = office.plan()
        assert office.send() == 1
        assert office.row(good).state == DeliveryState.SENT
        found = list(worn_out(office, broken))
        assert {state.state for state in found[:-1]} == {DeliveryState.DEFERRED}
        assert found[-1].state == DeliveryState.FAILED
        assert found[-1].tries == deliver.TRIES_MAX
        assert "mail/receipt.html" in found[-1].error
        assert history_of(db.session(), number)[-1] == Kind.UNDELIVERED
    assert any("mail/receipt.html" in line for line in log_lines)
    assert len(mailbox.mails) == 1


def test_a_fault_of_ours_is_tried_again_and_leaves_once_it_is_mended(office, serve, log_lines):
    mailbox = serve()
    own, office.app.config["ORGANISATION_NAME"] = office.app.config["ORGANISATION_NAME"], None
    with clock.at(NOON):
        number = office.plan()
        assert office.send() == 0
    found = office.row(number)
    assert (found.state, found.tries) == (DeliveryState.DEFERRED, 1)
    assert "AttributeError" in found.error
    assert any("could not be prepared" in line for line in log_lines)
    office.app.config["ORGANISATION_NAME"] = own
    with clock.at(found.run_at):
        assert office.send() == 1
    assert (office.row(number).state, office.row(number).error) == (DeliveryState.SENT, "")
    assert len(mailbox.mails) == 1


# --- more than one that has the same job


@pytest.fixture
def two(office, serve):
    """A message that one worker has in hand, and that another took from it after the lease."""
    serve()
    with office.app.app_context():
        with clock.at(NOON):
            number = office.plan()
            (slow,) = queue.claim(NOON)
            sending._prepare(slow)
        with clock.at(NOON + queue.LEASE):
            (quick,) = queue.claim(NOON + queue.LEASE)
            sending._prepare(quick)
            yield number, slow, quick


def test_what_has_left_stays_so_when_a_slower_worker_could_not_send_it(office, two):
    number, slow, quick = two
    sending._sent(quick)
    with pytest.raises(queue.Lost):
        sending._not_sent(slow, Outcome("451 later"))
    assert (office.row(number).state, office.row(number).error) == (DeliveryState.SENT, "")


def test_what_another_worker_has_in_hand_is_not_put_off_under_it(office, two):
    number, slow, quick = two
    with pytest.raises(queue.Lost):
        sending._not_sent(slow, Outcome("451 later"))
    assert office.row(number).state == DeliveryState.SENDING
    assert row(quick.number).token == quick.token


def test_what_the_slower_one_has_sent_has_left_whatever_comes_of_the_second_copy(office, two):
    number, slow, quick = two
    sending._sent(slow)
    with pytest.raises(queue.Lost):
        sending._not_sent(quick, Outcome("550 no", for_good=True))
    assert office.row(number).state == DeliveryState.SENT
    assert row(quick.number) is None


def test_what_came_back_is_not_sent_again_by_a_late_note(office, two):
    number, slow, quick = two
    sending._sent(quick)
    office.set(number, state=DeliveryState.BOUNCED)
    sending._sent(slow)
    assert office.row(number).state == DeliveryState.BOUNCED


def test_no_lease_is_longer_or_shorter_because_a_clock_was_set(office, monkeypatch):
    with office.app.app_context(), clock.set_to(NOON):
        before = clock.now()

        class Set(datetime):
            @classmethod
            def now(cls, tz=None):
                return datetime(1999, 1, 1, tzinfo=UTC)

        monkeypatch.setattr(clock, "datetime", Set)
        time.sleep(0.01)
        assert timedelta(0) < clock.now() - before < timedelta(seconds=5)
