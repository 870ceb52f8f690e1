"""The ready views: what is in each, by the clock and by whose turn it is."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from console import clock, tickets
from console.models import Priority, Status, WaitingFor
from console.tickets import listing, ready
from console.tickets.listing import Listing

OSLO = "Europe/Oslo"


@pytest.fixture
def new(session, people):
    def make(who="kari", title="Skriveren er tom"):
        return tickets.open_ticket(
            session, people(who), title=title, description=f"{clock.now()}"
        ).ticket

    return make


@pytest.fixture
def views(session, people):
    """The names of the views that a ticket is in, for Ola; their counts agree with the lists."""

    def of(ticket):
        session.flush()
        worker = people("ola")
        counts = ready.counts(session, worker, OSLO)
        found = []
        for tab in ready.TABS:
            rows = listing.page(session, Listing(worker, tab=tab, timezone=OSLO)).rows
            assert len(rows) == counts.get(tab, len(rows)), tab
            if ticket.id in [row.id for row in rows]:
                found.append(tab)
        assert found.pop() == "all"
        return found

    return of


def test_a_new_ticket_is_nobodys_and_waits_for_us(new, views):
    assert views(new()) == ["unassigned", "waiting_for_us"]


def test_taken_it_is_mine(session, people, new, views):
    ticket = new()
    tickets.take(session, people("ola"), ticket)
    assert views(ticket) == ["mine", "waiting_for_us"]
    tickets.assign(session, people("ola"), ticket, to=people("nina"))
    assert views(ticket) == ["waiting_for_us"]


def test_answered_it_waits_for_the_requester_whatever_its_status(session, people, new, views):
    ticket = new()
    tickets.reply(session, people("ola"), ticket, body="Hvilken etasje?")
    assert views(ticket) == ["mine", "waiting_for_requester"]
    tickets.set_status(session, people("ola"), ticket, to=Status.IN_PROGRESS)
    assert views(ticket) == ["mine", "waiting_for_requester"]
    tickets.reply(session, people("kari"), ticket, body="Den andre.")
    assert views(ticket) == ["mine", "waiting_for_us"]


def test_a_note_changes_nobodys_turn(session, people, new, views):
    ticket = new()
    tickets.note(session, people("nina"), ticket, body="Har ringt.")
    assert views(ticket) == ["unassigned", "waiting_for_us"]


def test_put_aside_it_waits_for_nobody_until_its_date(session, people, new, views):
    ticket = new()
    tickets.wait(
        session,
        people("ola"),
        ticket,
        until=clock.now() + timedelta(days=3),
        waiting_for=WaitingFor.SUPPLIER,
    )
    assert views(ticket) == ["unassigned", "put_aside"]
    with clock.at(clock.now() + timedelta(days=4)):
        assert views(ticket) == ["unassigned", "waiting_for_us", "due"]
        tickets.reply(session, people("ola"), ticket, body="Nå er delen her.")
        assert views(ticket) == ["mine", "waiting_for_requester"]


def test_what_is_overdue_is_shown_until_it_is_closed(session, people, new, views):
    ticket = new()
    tickets.set_due(session, people("ola"), ticket, to=clock.now() + timedelta(hours=2))
    assert "due" not in views(ticket)
    with clock.at(clock.now() + timedelta(hours=3)):
        assert "due" in views(ticket)
        tickets.set_status(session, people("ola"), ticket, to=Status.CLOSED)
        assert views(ticket) == ["closed_today"]


def test_high_priority_is_shown_while_it_is_open(session, people, new, views):
    ticket = new()
    tickets.set_priority(session, people("ola"), ticket, to=Priority.HIGH)
    assert "high" in views(ticket)
    tickets.set_status(session, people("ola"), ticket, to=Status.CLOSED)
    assert "high" not in views(ticket)


@pytest.mark.parametrize(
    ("closed", "looked", "is_today"),
    [
        ("2026-11-25 00:05", "2026-11-25 23:55", True),
        ("2026-11-24 23:55", "2026-11-25 00:05", False),
        ("2026-10-25 01:30", "2026-10-25 22:00", True),  # a night of 25 hours
        ("2026-03-29 00:30", "2026-03-29 22:00", True),  # one of 23
    ],
)
def test_today_is_the_offices_day(session, people, new, views, closed, looked, is_today):
    def moment(text):
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(OSLO))

    with clock.at(moment(closed)):
        ticket = new()
        tickets.set_status(session, people("ola"), ticket, to=Status.CLOSED)
    with clock.at(moment(looked)):
        assert ("closed_today" in views(ticket)) is is_today


def test_what_is_due_first_comes_first_and_the_rest_after_it(session, people, new):
    late, soon, never, later = new(), new(), new(), new()
    for ticket, hours in ((late, 1), (soon, 5), (later, 50)):
        tickets.set_due(session, people("ola"), ticket, to=clock.now() + timedelta(hours=hours))
    session.flush()
    for count in (None, 4):
        found = listing.page(
            session,
            Listing(people("ola"), tab="unassigned", sort="due_at", descending=False, count=count),
        )
        assert [row.id for row in found.rows] == [late.id, soon.id, later.id, never.id]


def test_the_views_are_counted_in_one_statement_and_to_a_cap(session, people, new):
    from console.extensions import db
    from tests.bench import statements

    new()
    session.flush()
    worker = people("ola")
    with statements(db.engine) as seen:
        ready.counts(session, worker, OSLO)
    assert len(seen) == 1
    assert seen[0].count("LIMIT") == len(ready.COUNTED)
