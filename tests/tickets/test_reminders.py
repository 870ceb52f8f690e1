"""Reminders: a due date that comes near and one that has passed, each told once."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from console import clock, tickets
from console.accounts import rules as accounts
from console.models import Event, Side, Status, Ticket, User, WaitingFor
from console.tickets import listing, queries, ready, reminders
from console.tickets.errors import NotAllowed
from console.tickets.listing import Listing
from console.tickets.reminders import remind
from tests.bench import statements
from tests.conftest import history_of, ticket_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def system(session):
    return accounts.system_user(session)


@pytest.fixture
def ticket(session, new_ticket):
    return ticket_of(session, new_ticket("kari"))


@pytest.fixture
def due(session, people, ticket):
    """Let the ticket, or another, be due after so long."""

    def make(after, ticket=ticket):
        to = clock.now() + after
        with clock.at(min(clock.now(), to - HOUR)):
            tickets.set_due(session, people("ola"), ticket, to=to)
        return to

    return make


def told(session, ticket):
    return [kind for kind in history_of(session, ticket.id) if kind.endswith(("_soon", "overdue"))]


def later(by):
    return clock.at(clock.now() + by)


def test_it_is_told_a_day_before_and_when_it_has_passed(session, system, ticket, due):
    moment = due(3 * DAY)
    assert remind(session, system) == 0
    with later(2 * DAY + HOUR):
        assert (remind(session, system), remind(session, system)) == (1, 0)
        assert told(session, ticket) == ["ticket.due_soon"]
    with later(3 * DAY + HOUR):
        assert (remind(session, system), remind(session, system)) == (1, 0)
        assert told(session, ticket) == ["ticket.due_soon", "ticket.overdue"]
    with later(30 * DAY):
        assert remind(session, system) == 0
    events = session.scalars(sa.select(Event).where(Event.actor == system)).all()
    assert [event.changes for event in events] == [{"due_at": [None, moment.isoformat()]}] * 2
    assert all(event.internal for event in events)


def test_after_a_long_rest_what_has_passed_is_told_alone(session, system, ticket, due):
    due(DAY)
    with later(3 * DAY):
        assert remind(session, system) == 1
    assert told(session, ticket) == ["ticket.overdue"]


def test_a_new_date_is_told_anew(session, people, system, ticket, due):
    due(-HOUR)
    assert remind(session, system) == 1
    due(2 * HOUR)
    assert remind(session, system) == 1
    assert told(session, ticket) == ["ticket.overdue", "ticket.due_soon"]
    tickets.set_due(session, people("ola"), ticket, to=None)
    assert remind(session, system) == 0


def test_nobody_is_reminded_of_a_closed_or_merged_ticket(
    session, people, system, ticket, due, new_ticket
):
    other, survivor = (ticket_of(session, new_ticket("kari", f"Sak {n}")) for n in (2, 3))
    due(-HOUR)
    tickets.set_status(session, people("ola"), ticket, to=Status.CLOSED)
    assert remind(session, system) == 0
    due(-HOUR, other)
    tickets.merge(session, people("ola"), other, into=survivor)
    assert remind(session, system) == 1
    assert (told(session, other), told(session, survivor)) == ([], ["ticket.overdue"])


def aside(session, actor, ticket, after):
    tickets.wait(
        session,
        actor,
        ticket,
        until=clock.now() + after,
        waiting_for=WaitingFor.SUPPLIER,
        reason="Del på vei",
    )


def test_what_is_put_aside_is_told_when_its_date_comes_and_not_before(
    session, people, system, ticket
):
    aside(session, people("ola"), ticket, 3 * DAY)
    with later(3 * DAY - HOUR):
        assert remind(session, system) == 0
    with later(3 * DAY):
        assert remind(session, system) == 1
    assert told(session, ticket) == ["ticket.overdue"]


def test_a_promise_inside_the_waiting_is_told_when_it_is_broken(
    session, people, system, ticket, due
):
    due(2 * DAY)
    aside(session, people("ola"), ticket, 5 * DAY)
    with later(2 * DAY - HOUR):
        assert remind(session, system) == 0
    with later(2 * DAY + HOUR):
        assert remind(session, system) == 1
    with later(5 * DAY + HOUR):
        assert remind(session, system) == 0
    assert told(session, ticket) == ["ticket.overdue"]


def test_a_reminder_touches_nothing_and_is_no_news(session, people, system, ticket, due):
    ola = people("ola")
    due(-HOUR)
    seen, version = queries.timeline(session, ola, ticket).last, ticket.version
    before = (ticket.updated_at, ticket.public_at, ticket.last_public_by)
    remind(session, system)
    session.flush()
    assert (ticket.updated_at, ticket.public_at, ticket.last_public_by) == before
    assert before[2] is Side.REQUESTER
    assert ticket.version == version + 1
    tickets.reply(session, ola, ticket, body="Jeg er på vei", seen=seen)
    tickets.set_status(session, ola, ticket, to=Status.CLOSED, version=version)


def test_a_requester_is_not_shown_that_there_was_one(session, people, system, ticket, due):
    due(-HOUR)
    remind(session, system)
    shown = queries.timeline(session, people("kari"), ticket).events
    assert [event.kind for event in shown] == ["ticket.opened"]


def test_many_are_told_in_turns_the_oldest_first(
    session, people, system, due, new_ticket, monkeypatch
):
    monkeypatch.setattr(reminders, "AT_ONCE", 3)
    numbers = [new_ticket("kari", f"Sak {n}") for n in range(7)]
    session.rollback()
    for place, number in enumerate(numbers):
        due(-HOUR * (place + 1), session.get_one(Ticket, number))
    assert [remind(session, system) for _ in range(4)] == [3, 3, 1, 0]
    order = session.scalars(
        sa.select(Event.ticket_id).where(Event.kind == "ticket.overdue").order_by(Event.id)
    ).all()
    assert [sorted(order[:3]), sorted(order[3:6])] == [numbers[4:], numbers[1:4]]


def test_looking_costs_one_statement_more_than_telling(session, system, ticket, due):
    due(-HOUR)
    remind(session, system)
    session.flush()
    with statements(session.get_bind()) as seen:
        remind(session, system)
    assert len(seen) <= 2, seen


def test_a_requester_cannot_set_it_going(session, people):
    with pytest.raises(NotAllowed):
        remind(session, people("kari"))


def test_what_a_colleague_changes_in_that_moment_is_taken_as_it_is_then(
    session, people, system, ticket, due
):
    """It was read before he changed it; what counts is how it stands when it is held."""
    due(-HOUR)
    session.commit()
    number, ola = ticket.id, people("ola").id
    engine = session.get_bind()
    session.rollback()
    with Session(engine) as other:
        tickets.set_due(other, other.get_one(User, ola), other.get_one(Ticket, number), to=None)
        other.commit()
    assert remind(session, system) == 0


def test_the_list_by_what_was_touched_last_keeps_its_order(
    session, people, system, ticket, due, new_ticket
):
    """A ticket that everybody forgets must not look as if somebody had been at it."""
    newer = new_ticket("kari", "Nyere")
    session.rollback()
    due(-HOUR)
    remind(session, system)
    session.flush()
    by_touch = Listing(people("ola"), sort="updated_at", descending=True, tab=ready.ALL)
    assert [row.id for row in listing.page(session, by_touch).rows] == [newer, ticket.id]
