"""Somebody could not be reached: the ticket has a next step, and who has it hears of it."""

import threading
from datetime import timedelta

import pytest

from console import clock, tickets
from console.accounts import rules as accounts
from console.models import (
    TO_REQUESTERS,
    Delivery,
    DeliveryState,
    Priority,
    Status,
    Ticket,
    Topic,
    User,
    WaitingFor,
)
from console.tickets import queries
from console.tickets.errors import Conflict, NotAllowed, Stale
from console.tickets.reminders import remind
from console.tickets.undelivered import undelivered
from console.transaction import change, unit
from tests.conftest import history_of, ticket_of


@pytest.fixture
def system(session):
    return accounts.system_user(session)


@pytest.fixture
def survivor(session, new_ticket):
    """Another ticket of the same requester's."""
    return ticket_of(session, new_ticket("kari", "Det samme en gang til"))


@pytest.fixture
def ticket(session, people, new_ticket, survivor):
    ticket = ticket_of(session, new_ticket("kari"))
    tickets.take(session, people("ola"), ticket)
    return ticket


@pytest.fixture
def failed(session, ticket):
    """A message about the ticket that its mail server has refused."""

    def make(topic=Topic.REPLY, ticket=ticket):
        delivery = Delivery(
            ticket=ticket,
            recipient="kari@kunde.example",
            topic=topic,
            state=DeliveryState.FAILED,
            error="550 no such user",
            run_at=clock.now(),
            created_at=clock.now(),
        )
        session.add(delivery)
        session.flush()
        return delivery

    return make


def test_it_is_written_for_workers_and_the_next_step_is_due_now(
    session, people, system, ticket, failed
):
    public = ticket.public_at
    event = undelivered(session, system, ticket, delivery := failed())
    assert (event.kind, event.internal, event.actor) == ("ticket.undelivered", True, system)
    assert event.changes["recipient"] == [None, "kari@kunde.example"]
    assert event.changes["reason"] == [None, "550 no such user"]
    assert event.changes["delivery"] == [None, delivery.id]
    assert ticket.is_due
    assert (ticket.assignee, ticket.public_at) == (people("ola"), public)
    shown = queries.timeline(session, people("kari"), ticket).events
    assert "ticket.undelivered" not in [each.kind for each in shown]


def test_no_reminder_follows_that_says_the_same(session, system, ticket, failed):
    undelivered(session, system, ticket, failed())
    with clock.at(clock.now() + timedelta(hours=1)):
        assert remind(session, system) == 0


@pytest.mark.parametrize("days", [-2, 3])
def test_what_was_due_earlier_stays_due_then(session, people, system, ticket, failed, days):
    now = clock.now()
    due = now + timedelta(days=days)
    with clock.at(now - timedelta(days=5)):
        tickets.set_due(session, people("ola"), ticket, to=due)
    undelivered(session, system, ticket, failed())
    assert ticket.due_at == due if days < 0 else now <= ticket.due_at <= clock.now()


def test_what_waits_for_an_answer_that_was_never_asked_for_wakes(
    session, people, system, ticket, failed
):
    until = clock.now() + timedelta(days=7)
    tickets.wait(
        session, people("ola"), ticket, until=until, waiting_for=WaitingFor.REQUESTER, reason="Svar"
    )
    undelivered(session, system, ticket, failed())
    assert (ticket.waiting_until, ticket.waiting_for, ticket.waiting_reason) == (None, None, "")
    assert ticket.is_due
    assert history_of(session, ticket.id)[-2:] == ["ticket.woken", "ticket.undelivered"]


def test_a_closed_ticket_stays_as_it_is_but_for_the_line(session, people, system, ticket, failed):
    tickets.set_status(session, people("ola"), ticket, to=Status.CLOSED)
    assert undelivered(session, system, ticket, failed(Topic.CLOSED)) is not None
    assert (ticket.status, ticket.due_at) == (Status.CLOSED, None)


@pytest.mark.parametrize("topic", [topic for topic in Topic if topic not in TO_REQUESTERS])
def test_what_went_to_somebody_else_is_nothing_of_the_tickets(
    session, system, ticket, failed, topic
):
    assert undelivered(session, system, ticket, failed(topic)) is None
    assert history_of(session, ticket.id) == ["ticket.opened", "ticket.taken"]


def test_the_same_delivery_is_told_once_and_another_again(session, system, ticket, failed):
    first, second = failed(), failed()
    assert undelivered(session, system, ticket, first) is not None
    assert undelivered(session, system, ticket, first) is None
    assert undelivered(session, system, ticket, second) is not None
    assert history_of(session, ticket.id).count("ticket.undelivered") == 2


def test_of_a_merged_ticket_it_is_told_on_the_one_it_is_part_of(
    session, people, system, ticket, failed, survivor
):
    lost = failed()
    tickets.merge(session, people("ola"), ticket, into=survivor)
    assert undelivered(session, system, ticket, lost).ticket is survivor
    assert survivor.is_due
    assert undelivered(session, system, ticket, lost) is None
    assert undelivered(session, system, survivor, lost) is None


def test_what_was_told_before_a_merge_is_not_told_again_after_it(
    session, people, system, ticket, failed, survivor
):
    undelivered(session, system, ticket, lost := failed())
    tickets.merge(session, people("ola"), ticket, into=survivor)
    assert undelivered(session, system, ticket, lost) is None


def test_a_worker_may_say_it_and_a_requester_may_not(session, people, ticket, failed):
    lost = failed()
    with pytest.raises(NotAllowed):
        undelivered(session, people("kari"), ticket, lost)
    assert undelivered(session, people("nina"), ticket, lost).actor == people("nina")


def test_it_is_news_for_who_writes_closes_or_sets_a_date(session, people, system, ticket, failed):
    ola, seen, version = people("ola"), queries.timeline, ticket.version
    last = seen(session, ola, ticket).last
    undelivered(session, system, ticket, failed())
    with pytest.raises(Stale) as stopped:
        tickets.reply(session, ola, ticket, body="Som jeg skrev", seen=last)
    assert [event.kind for event in stopped.value.news] == ["ticket.undelivered"]
    with pytest.raises(Stale):
        tickets.set_status(session, ola, ticket, to=Status.CLOSED, version=version)
    later = clock.now() + timedelta(days=2)
    with pytest.raises(Conflict):
        tickets.set_due(session, ola, ticket, to=later, version=version)
    tickets.set_priority(session, ola, ticket, to=Priority.HIGH, version=version)


def test_a_requester_is_not_stopped_by_it(session, people, system, ticket, failed):
    last = queries.timeline(session, people("kari"), ticket).last
    undelivered(session, system, ticket, failed())
    tickets.reply(session, people("kari"), ticket, body="Hei?", seen=last)


@pytest.mark.parametrize("app", ["mariadb"], indirect=True)
def test_many_who_say_it_at_once_say_it_once(app, session, people, ticket, failed):
    numbers = (people("nina").id, ticket.id, failed().id)
    session.commit()
    together = threading.Barrier(4)

    def say():
        with change() as own:
            about = own.get_one(Delivery, numbers[2])
            undelivered(own, own.get_one(User, numbers[0]), own.get_one(Ticket, numbers[1]), about)

    def run():
        with app.app_context():
            together.wait()
            unit(say)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.rollback()
    assert history_of(session, numbers[1]).count("ticket.undelivered") == 1
