"""What keeps a message from leaving: it is no longer true, it is night, or it is one too many."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from console import clock, tickets
from console.accounts import rules as accounts
from console.models import (
    Delivery,
    DeliveryState,
    Job,
    Medium,
    Priority,
    Status,
    Ticket,
    Topic,
    User,
)
from console.notify import checks, outbox
from console.tickets import triage
from console.transaction import change

# A Friday, at one o'clock in Oslo; the night after it, and the Monday's morning.
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 6, 45, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def office(app, cast):
    """Verbs by name and time, and the verdict on what they owe."""
    with app.app_context(), clock.at(NOON):
        yield Office(cast)


class Office:
    def __init__(self, cast):
        self.cast = cast
        self.number = self.do(
            "kari",
            lambda session, actor: (
                tickets.open_ticket(session, actor, title="Skriver", description="tom").ticket_id
            ),
        )
        self.set(Topic.RECEIPT, state=DeliveryState.SENT, sent_at=NOON - MINUTE)

    def do(self, who, what):
        with change() as session:
            return what(session, session.get_one(User, getattr(self.cast, who)))

    def act(self, who, verb, **more):
        def on_ticket(session, actor):
            verb(session, actor, session.get_one(Ticket, self.number), **more)

        self.do(who, on_ticket)

    def give(self, who):
        def to(session, actor):
            tickets.assign(
                session,
                actor,
                session.get_one(Ticket, self.number),
                to=session.get_one(User, getattr(self.cast, who)),
            )

        self.do("anne", to)

    def verdict(self, topic):
        """The verdict on the newest message of the topic; its state, and why."""
        with change() as session:
            delivery = session.scalars(
                select(Delivery).where(Delivery.topic == topic).order_by(Delivery.id.desc())
            ).first()
            held = checks.verdict(session, delivery)
            return (held.state, held.reason) if held else None

    def set(self, topic, **columns):
        with change() as session:
            for row in session.scalars(select(Delivery).where(Delivery.topic == topic)):
                for name, value in columns.items():
                    setattr(row, name, value)

    def owe(self, count=1, at=NOON, **more):
        """Owe automatic mails, and answer their numbers."""
        more = {
            "recipient": "kari@kunde.example",
            "recipient_id": self.cast.kari,
            "topic": Topic.TAKEN,
            "channel": Medium.MAIL,
            **more,
        }
        with clock.at(at), change() as session:
            return outbox.owe(session, [more] * count, hold=outbox.AT_ONCE)

    def on(self, number):
        with change() as session:
            held = checks.verdict(session, session.get_one(Delivery, number))
            return (held.state, held.reason) if held else None


CANCELLED = DeliveryState.CANCELLED
OUTDATED, COVERED = (CANCELLED, "outdated"), (CANCELLED, "covered")


def test_what_is_true_leaves(office):
    office.act("ola", tickets.take)
    assert office.verdict(Topic.TAKEN) is None


def test_that_it_was_taken_is_not_told_once_it_was_given_back(office):
    office.act("ola", tickets.take)
    office.act("ola", tickets.release)
    assert office.verdict(Topic.TAKEN) == OUTDATED


def test_that_it_was_taken_is_told_by_the_reply_that_follows(office):
    office.act("ola", tickets.reply, body="Vi ser på det")
    assert office.verdict(Topic.TAKEN) == COVERED
    assert office.verdict(Topic.REPLY) is None


def test_a_reply_that_was_taken_back_covers_nothing(office):
    office.act("ola", tickets.reply, body="Vi ser på det")
    office.set(Topic.REPLY, state=CANCELLED)
    assert office.verdict(Topic.TAKEN) is None


def test_that_it_was_closed_is_told_by_the_reply_that_has_yet_to_leave(office):
    office.act("ola", tickets.reply, body="Ferdig")
    office.act("ola", tickets.set_status, to=Status.CLOSED)
    assert office.verdict(Topic.CLOSED) == COVERED


def test_that_it_was_closed_is_told_after_a_reply_that_left_before(office):
    office.act("ola", tickets.reply, body="Ferdig")
    office.set(Topic.REPLY, state=DeliveryState.SENT, sent_at=NOON)
    office.set(Topic.TAKEN, state=CANCELLED)
    with clock.at(NOON + MINUTE):
        office.act("ola", tickets.set_status, to=Status.CLOSED)
        assert office.verdict(Topic.CLOSED) is None


def test_that_it_was_closed_is_not_told_once_it_is_open_again(office):
    office.act("ola", tickets.set_status, to=Status.CLOSED)
    office.act("ola", tickets.set_status, to=Status.OPEN)
    assert office.verdict(Topic.CLOSED) == OUTDATED
    office.set(Topic.CLOSED, state=CANCELLED)
    assert office.verdict(Topic.REOPENED) is None


def test_who_has_it_no_longer_is_not_told_that_he_got_it(office):
    office.give("nina")
    assert office.verdict(Topic.ASSIGNED) is None
    office.give("ola")
    assert office.verdict(Topic.ASSIGNED) is None
    office.act("ola", tickets.release)
    assert office.verdict(Topic.ASSIGNED) == OUTDATED


def test_an_answer_that_was_answered_is_not_told(office):
    office.act("ola", tickets.take)
    office.act("kari", tickets.reply, body="Hører dere?")
    assert office.verdict(Topic.ANSWERED) is None
    office.act("nina", tickets.reply, body="Ja")
    assert office.verdict(Topic.ANSWERED) == OUTDATED


def test_high_priority_that_was_lowered_is_not_told(office):
    office.act("ola", triage.set_priority, to=Priority.HIGH)
    assert office.verdict(Topic.HIGH) is None
    office.act("ola", triage.set_priority, to=Priority.LOW)
    assert office.verdict(Topic.HIGH) == OUTDATED


def test_an_account_that_was_shut_out_since_is_not_told(office):
    office.act("ola", tickets.take)
    office.do("anne", lambda s, a: accounts.deactivate(s, a, s.get_one(User, office.cast.kari)))
    assert office.verdict(Topic.TAKEN) == (CANCELLED, "inactive")


def test_what_was_said_first_goes_first_also_when_it_had_to_wait(office):
    office.act("ola", tickets.reply, body="Først")
    office.set(Topic.REPLY, state=DeliveryState.DEFERRED, tries=1, run_at=NOON + 5 * MINUTE)
    with clock.at(NOON + MINUTE):
        office.act("ola", tickets.reply, body="Så")
        with change() as session:
            last = session.scalars(select(Delivery).order_by(Delivery.id.desc())).first()
            held = checks.verdict(session, last)
        assert (held.state, held.again) == (DeliveryState.WAITING, NOON + 5 * MINUTE)
    office.set(Topic.REPLY, state=DeliveryState.FAILED)
    office.set(Topic.RECEIPT, state=DeliveryState.SENT, sent_at=NOON)
    with clock.at(NOON + MINUTE):
        office.act("ola", tickets.reply, body="Til slutt")
        assert office.verdict(Topic.REPLY) is None


def test_a_reply_that_was_put_off_behind_another_is_not_overtaken(office):
    office.act("ola", tickets.reply, body="Først")
    with clock.at(NOON + MINUTE):
        office.act("ola", tickets.reply, body="Så")
    with change() as session:
        first, second = session.scalars(
            select(Delivery).where(Delivery.topic == Topic.REPLY).order_by(Delivery.id)
        )
        first.run_at = second.run_at + MINUTE
        session.flush()
        assert checks.verdict(session, second).again == first.run_at
        assert checks.verdict(session, first) is None


def test_a_receipt_that_is_days_old_is_not_sent_and_a_reply_is(office):
    office.act("ola", tickets.reply, body="Vi ser på det")
    office.set(Topic.TAKEN, state=CANCELLED)
    office.set(Topic.RECEIPT, state=DeliveryState.WAITING, sent_at=None)
    with clock.at(NOON + timedelta(days=4)):
        assert office.verdict(Topic.RECEIPT) == (CANCELLED, "expired")
        assert office.verdict(Topic.REPLY) is None


# --- at night


def test_workers_are_not_woken_but_told_before_the_office_opens(office):
    with clock.at(NIGHT):
        office.give("nina")
        with change() as session:
            row = session.scalars(select(Delivery).where(Delivery.topic == Topic.ASSIGNED)).one()
            held = checks.verdict(session, row)
        assert (held.state, held.again) == (DeliveryState.GATHERED, MONDAY)


def test_between_the_digest_and_the_opening_it_waits_for_the_opening(office):
    opens = MONDAY + 15 * MINUTE
    with clock.at(opens - MINUTE):
        office.give("nina")
        with change() as session:
            row = session.scalars(select(Delivery).where(Delivery.topic == Topic.ASSIGNED)).one()
            held = checks.verdict(session, row)
        assert (held.state, held.again) == (DeliveryState.WAITING, opens)


def test_requesters_are_answered_at_any_time(office):
    with clock.at(NIGHT):
        office.act("ola", tickets.reply, body="Jeg var våken")
        office.set(Topic.RECEIPT, state=DeliveryState.SENT, sent_at=NIGHT)
        assert office.verdict(Topic.REPLY) is None


@pytest.mark.parametrize(("wakes", "kept"), [(True, None), (False, DeliveryState.GATHERED)])
def test_what_matters_most_wakes_who_will_be_woken(office, wakes, kept):
    def wish(session, actor):
        actor.wakes = wakes

    office.do("nina", wish)
    with clock.at(NIGHT):
        office.act("nina", tickets.take)
        office.act("ola", triage.set_priority, to=Priority.HIGH)
        found = office.verdict(Topic.HIGH)
    assert (found[0] if found else None) == kept


# --- one too many


def test_the_sixty_first_automatic_one_in_ten_minutes_stops_them_all(office):
    office.set(Topic.RECEIPT, state=DeliveryState.SENT, sent_at=NOON, automatic=False)
    numbers = office.owe(checks.BREAKER + 1)
    assert office.on(numbers[-2]) is None
    assert office.on(numbers[-1]) == (DeliveryState.STOPPED, "stopped")
    with change() as session:
        assert session.scalar(select(Job.name).where(Job.name == "alarm")) == "alarm"


def test_while_one_is_stopped_every_automatic_one_is_and_no_reply(office):
    office.owe(state=DeliveryState.STOPPED)
    (number,) = office.owe()
    assert office.on(number) == (DeliveryState.STOPPED, "stopped")
    office.set(Topic.RECEIPT, state=DeliveryState.SENT, sent_at=NOON)
    office.act("ola", tickets.reply, body="Et menneske")
    assert office.verdict(Topic.REPLY) is None


def test_as_many_in_a_longer_time_stop_nothing(office):
    for minute in range(0, 200, 2):
        (number,) = office.owe(at=NOON + minute * MINUTE, state=DeliveryState.WAITING)
    with clock.at(NOON + 200 * MINUTE):
        assert office.on(number) is None


def test_after_hours_without_a_mail_server_nothing_is_stopped(office):
    """What counts is when they were owed, not that they all leave at once when it is back."""
    numbers = [office.owe(at=NOON + hour * 20 * MINUTE)[0] for hour in range(15)]
    with clock.at(NOON + timedelta(hours=6)):
        assert [office.on(number) for number in numbers] == [None] * 15


def test_one_recipient_gets_so_many_on_a_ticket_and_no_more(office):
    for number in office.owe(10, state=DeliveryState.SENT, ticket_id=office.number):
        with change() as session:
            session.get_one(Delivery, number).sent_at = NOON
    at = NOON + 9 * MINUTE
    with clock.at(at):
        office.act("ola", triage.set_priority, to=Priority.HIGH)
        (same,) = office.owe(at=at, ticket_id=office.number, topic=Topic.HIGH)
        (other,) = office.owe(at=at)
        assert office.on(same) == (DeliveryState.DEFERRED, "capped")
        assert office.on(other) is None


def test_the_cap_says_when_there_is_room_again(office):
    for number in office.owe(30, state=DeliveryState.SENT):
        with change() as session:
            session.get_one(Delivery, number).sent_at = NOON
    with clock.at(NOON + 5 * MINUTE):
        (number,) = office.owe(at=NOON + 5 * MINUTE)
        with change() as session:
            held = checks.verdict(session, session.get_one(Delivery, number))
        assert (held.state, held.reason) == (DeliveryState.DEFERRED, "capped")
        assert held.again == NOON + 10 * MINUTE
    with clock.at(NOON + 11 * MINUTE):
        assert office.on(number) is None


@pytest.mark.parametrize(
    "address", ["mailer-daemon@kunde.example", "noreply@kunde.example", "support@localhost"]
)
def test_robots_and_ourselves_are_told_nothing_by_a_machine(office, address):
    (number,) = office.owe(recipient=address)
    assert office.on(number) == (CANCELLED, "robot")


def test_an_address_that_refused_three_times_is_left_alone_by_machines(office):
    office.owe(3, at=NOON - timedelta(days=1), state=DeliveryState.FAILED)
    (number,) = office.owe()
    assert office.on(number) == (CANCELLED, "refuses")


def test_one_that_arrived_since_makes_it_good(office):
    office.owe(3, at=NOON - timedelta(days=1), state=DeliveryState.BOUNCED)
    office.owe(at=NOON - timedelta(hours=1), state=DeliveryState.SENT)
    (number,) = office.owe()
    assert office.on(number) is None


def test_it_is_tried_again_after_two_months(office):
    office.owe(3, at=NOON - timedelta(days=61), state=DeliveryState.FAILED)
    (number,) = office.owe()
    assert office.on(number) is None


def test_the_mornings_digests_are_no_flood(office):
    numbers = office.owe(checks.BREAKER + 1, topic=Topic.DIGEST)
    assert [office.on(number) for number in numbers] == [None] * len(numbers)
