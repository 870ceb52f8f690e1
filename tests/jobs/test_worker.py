"""What a worker process does with what is due: all of it, whatever one job comes to."""

import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from console import clock, tickets
from console.extensions import db
from console.jobs import queue, sending
from console.jobs.worker import Worker
from console.models import (
    Delivery,
    DeliveryState,
    Event,
    Job,
    Kind,
    Lane,
    Medium,
    Ticket,
    Topic,
    User,
)
from console.notify import deliver, outbox
from console.notify.deliver import Outcome
from console.notify.routing import quietly
from console.transaction import change
from tests.conftest import history_of
from tests.notify.conftest import words_of
from tests.notify.owing import owe

# A Friday in November, at one o'clock in Oslo; the Monday after it, before the office opens.
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 6, 45, tzinfo=UTC)
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


# --- what is done again and again


def done_at(name):
    with change() as session:
        return session.execute(
            sa.select(Job.done_at, Job.run_at).where(Job.name == name, Job.about == 0)
        ).one()


def test_what_is_periodic_is_done_and_has_its_next_time(office):
    with office.app.app_context():
        due(office)
        assert done_at("remind") == (NOON, NOON + MINUTE)
        assert done_at("sweep") == (NOON, NOON + timedelta(days=1))
        assert done_at("digest") == (NOON, MONDAY)
        due(office, at=NOON + timedelta(seconds=59))
        assert done_at("remind").done_at == NOON
        due(office, at=NOON + MINUTE)
        assert done_at("remind").done_at == NOON + MINUTE


@pytest.fixture
def night(office, serve, new_ticket, cast):
    """What was kept for the morning: for two people, and for the team's place."""
    mailbox = serve()
    with office.app.app_context(), clock.at(NOON + timedelta(hours=12)):
        due(office)  # the digest's row
        with change() as session:
            for who in ("ola", "nina"):
                session.get_one(User, getattr(cast, who)).chat_url = "ntfys://127.0.0.1:1/x"
        tickets = [new_ticket("kari", title=f"Sak {n}") for n in range(3)]
        with change() as session:

            def keep(number, who, medium=Medium.MAIL, address=""):
                event = session.scalars(sa.select(Event).where(Event.ticket_id == number)).one()
                person = getattr(cast, who) if who else None
                owe(session, number, event=event, topic=Topic.POOL, channel=medium, job=False,
                    recipient=address or f"{who}@firma.example", recipient_id=person,
                    automatic=True, state=DeliveryState.GATHERED, run_at=MONDAY)  # fmt: skip

            for number in tickets:
                keep(number, "ola")
            keep(tickets[0], "nina")
            keep(tickets[2], "nina", Medium.CHAT, "ntfys")
            keep(tickets[2], None, Medium.TEAM, "json-abcdef")
    return mailbox, tickets


def digests():
    with change() as session:
        rows = session.execute(
            sa.select(Delivery.recipient, Delivery.channel).where(Delivery.topic == Topic.DIGEST)
        )
        return sorted((row.recipient, row.channel.value) for row in rows)


def test_the_morning_tells_each_person_once_by_each_way(office, night):
    mailbox, tickets = night
    with office.app.app_context():
        due(office, at=MONDAY - MINUTE)
        assert digests() == []
        due(office, at=MONDAY)
        assert digests() == [
            ("json-abcdef", "team"),
            ("nina@firma.example", "mail"),
            ("ntfys", "chat"),
            ("ola@firma.example", "mail"),
        ]
        to_ola = next(mail for mail in mailbox.mails if mail["To"].startswith("ola"))
        assert [f"Sak {n}" in words_of(to_ola) for n in range(3)] == [True, True, True]
        due(office, at=MONDAY + MINUTE)
        assert len(digests()) == 4
        assert len(mailbox.mails) == 2


def test_a_morning_that_was_missed_is_told_of_once_later(office, night):
    mailbox, _tickets = night
    with office.app.app_context():
        late = MONDAY + timedelta(hours=50)
        due(office, at=late)
        due(office, at=late + MINUTE)
        assert len(digests()) == 4
        assert len(mailbox.mails) == 2
        assert done_at("digest") == (late, MONDAY + timedelta(days=3))


def test_what_is_no_longer_so_is_not_told_in_the_morning(office, night, cast):
    mailbox, numbers = night
    with office.app.app_context(), clock.at(NOON + timedelta(hours=13)):
        with quietly(), change() as session:
            for number in (numbers[0], numbers[2]):
                tickets.take(
                    session, session.get_one(User, cast.nina), session.get_one(Ticket, number)
                )
        due(office, at=MONDAY)
        assert digests() == [("ola@firma.example", "mail")]
        [mail] = mailbox.mails
        assert [f"Sak {n}" in words_of(mail) for n in range(3)] == [False, True, False]
        with change() as session:
            left = sa.select(sa.func.count()).where(Delivery.state == DeliveryState.CANCELLED,
                                                    Delivery.error == "outdated")  # fmt: skip
            assert session.scalar(left) == 5


# --- settings, commands and alarms


def test_what_waits_for_a_mail_server_leaves_when_there_is_one(new_office, serve):
    mailbox = serve()
    without = new_office(MAIL_SERVER="")
    with clock.at(NOON):
        number = without.plan()
        assert without.send() == 0
    with without.app.app_context(), change() as session:
        assert session.scalars(sa.select(Job.run_at).where(Job.name == "deliver")).one() is None
    assert (without.row(number).state, without.row(number).tries) == (DeliveryState.WAITING, 0)
    assert due(new_office(), at=NOON + timedelta(hours=5)) == 1
    assert len(mailbox.mails) == 1


def test_the_command_does_what_is_due_and_ends(office, serve):
    mailbox = serve()
    office.plan()
    office.plan()
    said = office.app.test_cli_runner().invoke(args=["worker", "--once"])
    assert said.output == "5 jobs done\n"  # with the three that are periodic
    assert len(mailbox.mails) == 2
    assert office.app.test_cli_runner().invoke(args=["worker", "--once"]).output == "0 jobs done\n"


def test_the_alarm_reaches_every_admin_once_and_goes_past_what_is_stopped(office, serve, cast):
    mailbox = serve()
    with office.app.app_context(), clock.at(NOON):
        with change() as session:
            stopped = owe(session, None, topic=Topic.ACCOUNT, job=False, automatic=True,
                          state=DeliveryState.STOPPED).id  # fmt: skip
        job("alarm")
        due(office)
        assert [mail["To"] for mail in mailbox.mails] == ["anne@firma.example"]
        due(office, at=NOON + MINUTE)
        assert len(mailbox.mails) == 1
    assert office.row(stopped).state == DeliveryState.STOPPED


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
