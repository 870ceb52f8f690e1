"""What workers decide among themselves: priority, category, waiting, due dates, tags."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from console import clock, tickets
from console.models import (
    Category,
    Event,
    Priority,
    Side,
    Status,
    Tag,
    Ticket,
    TicketTag,
    WaitingFor,
)
from console.tickets import listing
from console.tickets.errors import Conflict, NotAllowed, TicketError
from tests.conftest import history_of


@pytest.fixture
def ticket(session, people):
    return tickets.open_ticket(
        session, people("kari"), title="Skriveren er tom", description="I 2. etasje"
    ).ticket


# The same all the while: asked twice, the clock may have come to the next second.
BEGUN = clock.now().replace(microsecond=0)


def tomorrow(days=1):
    return BEGUN + timedelta(days=days)


def tags_of(session, ticket):
    return list(
        session.scalars(
            sa.select(Tag.name)
            .join(TicketTag)
            .where(TicketTag.ticket_id == ticket.id)
            .order_by(Tag.name)
        )
    )


def aside(session, actor, ticket, **more):
    how = {"until": tomorrow(), "waiting_for": WaitingFor.SUPPLIER, "reason": "Del på vei"}
    return tickets.wait(session, actor, ticket, **{**how, **more})


def test_a_ticket_begins_in_the_middle_and_on_our_side(ticket):
    assert ticket.priority is Priority.MEDIUM
    assert ticket.last_public_by is Side.REQUESTER
    assert ticket.waiting_until is None
    assert not ticket.is_due


def test_a_worker_raises_the_priority_and_the_history_tells_workers_only(session, people, ticket):
    event = tickets.set_priority(session, people("ola"), ticket, to=Priority.HIGH)
    assert ticket.priority is Priority.HIGH
    assert event.changes == {"priority": [2, 3]}
    assert event.internal
    assert tickets.set_priority(session, people("ola"), ticket, to=Priority.HIGH) is None


def test_two_who_set_different_priorities_are_asked(session, people, ticket):
    seen = ticket.version
    tickets.set_priority(session, people("ola"), ticket, to=Priority.HIGH)
    with pytest.raises(Conflict) as refused:
        tickets.set_priority(session, people("nina"), ticket, to=Priority.LOW, version=seen)
    assert (refused.value.clash.theirs, refused.value.clash.mine) == (3, 1)
    tickets.set_status(session, people("nina"), ticket, to=Status.IN_PROGRESS, version=seen)


def test_the_database_knows_three_priorities(session, people, ticket):
    session.flush()
    with pytest.raises(DBAPIError):
        session.execute(sa.text("UPDATE tickets SET priority = 4"))
    session.rollback()


@pytest.mark.parametrize(
    "verb",
    [
        lambda s, a, t: tickets.set_priority(s, a, t, to=Priority.HIGH),
        lambda s, a, t: tickets.categorise(s, a, t, to=s.get(Category, 1)),
        lambda s, a, t: aside(s, a, t),
        lambda s, a, t: tickets.wake(s, a, t),
        lambda s, a, t: tickets.set_due(s, a, t, to=tomorrow()),
        lambda s, a, t: tickets.tag(s, a, t, add=["skriver"]),
    ],
    ids=["priority", "category", "wait", "wake", "due", "tag"],
)
def test_a_requester_decides_none_of_it(session, people, ticket, verb):
    with pytest.raises(NotAllowed):
        verb(session, people("kari"), ticket)
    assert history_of(session, ticket.id) == ["ticket.opened"]


def test_a_ticket_is_put_into_a_category_and_out_of_it(session, people, ticket):
    printers = session.scalar(sa.select(Category).where(Category.position == 3))
    event = tickets.categorise(session, people("ola"), ticket, to=printers)
    assert event.changes == {"category": [None, "Skriver og skanner"]}
    assert tickets.categorise(session, people("ola"), ticket, to=printers) is None
    tickets.categorise(session, people("ola"), ticket, to=None)
    assert ticket.category is None


def test_a_category_out_of_use_is_refused(session, people, ticket):
    old = Category(name="Telefaks", position=9, active=False)
    session.add(old)
    with pytest.raises(TicketError, match="Telefaks"):
        tickets.categorise(session, people("ola"), ticket, to=old)


def test_what_is_put_aside_says_until_when_for_whom_and_why(session, people, ticket):
    until = tomorrow(3)
    event = aside(session, people("ola"), ticket, until=until)
    assert ticket.is_waiting
    assert ticket.due_at == until
    assert event.internal
    assert event.changes["waiting_for"] == [None, "supplier"]
    assert event.changes["waiting_reason"] == ["", "Del på vei"]
    assert aside(session, people("ola"), ticket, until=until) is None


def test_it_wakes_on_the_date_by_itself(session, people, ticket):
    aside(session, people("ola"), ticket)
    with clock.at(clock.now() + timedelta(days=2)):
        assert not ticket.is_waiting
        assert ticket.is_due


def test_it_wakes_when_the_requester_writes(session, people, ticket):
    aside(session, people("ola"), ticket)
    tickets.reply(session, people("kari"), ticket, body="Er det noe nytt?")
    assert ticket.waiting_until is None
    assert ticket.waiting_for is None
    assert ticket.due_at is None
    assert history_of(session, ticket.id)[-2:] == ["ticket.woken", "ticket.replied"]
    told = session.scalars(sa.select(Event).where(Event.kind == "ticket.woken")).one()
    assert told.internal


def test_a_due_date_of_its_own_stays_when_the_waiting_ends(session, people, ticket):
    aside(session, people("ola"), ticket)
    friday = tomorrow(5)
    tickets.set_due(session, people("ola"), ticket, to=friday)
    tickets.wake(session, people("ola"), ticket)
    assert ticket.due_at == friday
    assert ticket.waiting_until is None


def test_a_workers_answer_settles_what_was_overdue_and_no_more(session, people, ticket):
    aside(session, people("ola"), ticket)
    tickets.reply(session, people("ola"), ticket, body="Delen er bestilt.")
    assert ticket.is_waiting
    with clock.at(clock.now() + timedelta(days=2)):
        tickets.reply(session, people("ola"), ticket, body="Delen har kommet.")
        assert ticket.waiting_until is None
        assert ticket.due_at is None
    tickets.set_due(session, people("ola"), ticket, to=tomorrow(7))
    tickets.reply(session, people("ola"), ticket, body="Vi kommer på fredag.")
    assert ticket.due_at == tomorrow(7)


def test_the_last_public_word_decides_whose_turn_it_is(session, people, ticket):
    tickets.note(session, people("ola"), ticket, body="Ringer leverandøren")
    assert ticket.last_public_by is Side.REQUESTER
    tickets.reply(session, people("ola"), ticket, body="Vi ser på det.")
    assert ticket.last_public_by is Side.US
    tickets.set_status(session, people("nina"), ticket, to=Status.IN_PROGRESS)
    assert ticket.last_public_by is Side.US
    tickets.reply(session, people("kari"), ticket, body="Den er fortsatt tom.")
    assert ticket.last_public_by is Side.REQUESTER


def test_a_thank_you_makes_it_nobodys_turn(session, people, ticket):
    tickets.reply(session, people("ola"), ticket, body="Ferdig.")
    tickets.set_status(session, people("ola"), ticket, to=Status.CLOSED)
    tickets.reply(session, people("kari"), ticket, body="Tusen takk!")
    assert ticket.last_public_by is Side.US
    assert ticket.is_closed


def test_send_and_close_closes_what_was_overdue(session, people, ticket):
    aside(session, people("ola"), ticket)
    with clock.at(clock.now() + timedelta(days=2)):
        event = tickets.reply(session, people("ola"), ticket, body="Ferdig.")
        assert event.version == ticket.version


def test_closing_ends_the_waiting_and_tells_requesters_nothing_of_it(session, people, ticket):
    aside(session, people("ola"), ticket)
    event = tickets.set_status(session, people("ola"), ticket, to=Status.CLOSED)
    assert ticket.waiting_until is None
    assert ticket.due_at is None
    assert set(event.changes) == {"status"}


@pytest.mark.parametrize("days", [0, -1, 367])
def test_a_date_that_is_past_or_too_far_is_refused(session, people, ticket, days):
    for verb in (
        lambda: aside(session, people("ola"), ticket, until=clock.now() + timedelta(days=days)),
        lambda: tickets.set_due(
            session, people("ola"), ticket, to=clock.now() + timedelta(days=days)
        ),
    ):
        with pytest.raises(TicketError) as refused:
            verb()
        assert refused.value.status == 422
    assert history_of(session, ticket.id) == ["ticket.opened"]


def test_a_closed_ticket_is_not_put_aside(session, people, ticket):
    tickets.set_status(session, people("ola"), ticket, to=Status.CLOSED)
    with pytest.raises(TicketError, match=r"closed|lukket"):
        aside(session, people("ola"), ticket)


def test_a_reason_has_an_end(session, people, ticket):
    with pytest.raises(TicketError) as refused:
        aside(session, people("ola"), ticket, reason="x" * 201)
    assert refused.value.field == "reason"


def test_tags_are_words_in_lower_case_each_once(session, people, ticket):
    event = tickets.tag(session, people("ola"), ticket, add=["#Skriver", " 3. Etg ", "skriver", ""])
    assert tags_of(session, ticket) == ["3. etg", "skriver"]
    assert event.changes == {"tags": [[], ["3. etg", "skriver"]]}
    assert event.internal
    assert tickets.tag(session, people("nina"), ticket, add=["skriver"]) is None
    tickets.tag(session, people("nina"), ticket, remove=["3. etg"])
    assert tags_of(session, ticket) == ["skriver"]


def test_å_is_not_a_in_a_tag(session, people, ticket):
    tickets.tag(session, people("ola"), ticket, add=["mål", "mal"])
    assert tags_of(session, ticket) == ["mal", "mål"]


def test_the_list_shows_tags_by_the_alphabet_whichever_was_first(session, people, ticket):
    for name in ("vpn", "toner", "2. etg"):
        tickets.tag(session, people("ola"), ticket, add=[name])
        session.flush()
    shown = listing.page(session, listing.Listing(people("ola")), ["tags"])
    assert [row.tags for row in shown.rows] == [["2. etg", "toner", "vpn"]]


def test_too_many_tags_and_too_long_ones_are_refused(session, people, ticket):
    for words in ([f"ord {n}" for n in range(Tag.MOST + 1)], ["x" * 31], ["\u3164\u3164"]):
        with pytest.raises(TicketError) as refused:
            tickets.tag(session, people("ola"), ticket, add=words)
        assert refused.value.field == "tags"
    assert tags_of(session, ticket) == []


def test_a_public_event_tells_nothing_internal(session, people, ticket):
    tickets.set_priority(session, people("ola"), ticket, to=Priority.HIGH)
    aside(session, people("ola"), ticket)
    tickets.reply(session, people("kari"), ticket, body="Hallo?")
    tickets.take(session, people("ola"), ticket)
    tickets.set_status(session, people("ola"), ticket, to=Status.CLOSED)
    events = session.scalars(sa.select(Event).where(Event.internal.is_(False)))
    told = {name for event in events for name in event.changes}
    assert told <= {"status", "assignee", "title"}
    assert session.get(Ticket, ticket.id).public_at
