"""Who hears of what: in the same transaction, not of one's own doing, nothing that is internal."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from console import clock, tickets
from console.accounts import rules as accounts
from console.models import (
    ContactBy,
    Delivery,
    DeliveryState,
    Job,
    Kind,
    Lane,
    Medium,
    NoticeChoice,
    Priority,
    Status,
    Ticket,
    Topic,
    User,
    WaitingFor,
)
from console.notify import routing
from console.tickets import conversation, triage
from console.transaction import change

REQUESTERS = {Topic.RECEIPT, Topic.REPLY, Topic.TAKEN, Topic.CLOSED, Topic.REOPENED}
KARI, OLA, NINA, ANNE = (
    f"{who}"
    for who in (
        "kari@kunde.example",
        "ola@firma.example",
        "nina@firma.example",
        "anne@firma.example",
    )
)


@pytest.fixture
def act(app, cast):
    """Do something as somebody; answers who is owed what for it: sets of (address, topic)."""
    with app.app_context():

        def do(who, what, *args, **more):
            with change() as session:
                before = session.scalars(select(Delivery.id)).all()
                what(session, session.get_one(User, getattr(cast, who)), *args, **more)
            with change() as session:
                owed = session.scalars(select(Delivery).where(Delivery.id.not_in(before)))
                return {(delivery.recipient, delivery.topic) for delivery in owed}

        yield do


def on(verb, number, **more):
    """The verb for a ticket that is read anew."""

    def do(session, actor):
        verb(session, actor, session.get_one(Ticket, number), **more)

    return do


def give(session, actor, number, to):
    to = session.get_one(User, to)
    tickets.assign(session, actor, session.get_one(Ticket, number), to=to)


def choose(session, actor, topic, medium, chosen=True):
    session.add(NoticeChoice(user_id=actor.id, topic=topic, channel=medium, chosen=chosen))


def opened(session, actor, **more):
    tickets.open_ticket(session, actor, title="Nettet er nede", description="Alt er rødt.", **more)


def test_every_kind_has_its_line_in_the_table():
    assert set(routing.WHO_HEARS) == set(Kind)


def test_a_new_ticket_gives_its_requester_a_receipt_and_nobody_else_anything(act):
    assert act("kari", opened) == {(KARI, Topic.RECEIPT)}


def test_a_ticket_written_down_for_somebody_gives_him_a_receipt(act, cast):
    def capture(session, actor):
        opened(session, actor, requester=session.get_one(User, cast.kari))

    assert act("ola", capture) == {(KARI, Topic.RECEIPT)}


def test_workers_who_want_it_hear_of_what_is_new_in_the_pool(act):
    act("nina", choose, Topic.POOL, Medium.MAIL)
    assert act("kari", opened) == {(KARI, Topic.RECEIPT), (NINA, Topic.POOL)}


def test_a_worker_does_not_hear_of_the_ticket_that_he_opened(act):
    act("nina", choose, Topic.POOL, Medium.MAIL)
    assert act("nina", opened) == {(NINA, Topic.RECEIPT)}


def test_taking_tells_the_requester(act, number):
    assert act("ola", on(tickets.take, number)) == {(KARI, Topic.TAKEN)}


def test_giving_to_a_colleague_tells_both(act, number, cast):
    assert act("ola", give, number, cast.nina) == {(NINA, Topic.ASSIGNED), (KARI, Topic.TAKEN)}


def test_giving_to_oneself_tells_the_requester_only(act, number, cast):
    assert act("ola", give, number, cast.ola) == {(KARI, Topic.TAKEN)}


def test_a_reply_tells_the_requester_and_his_answer_the_handler(act, number):
    owed = act("ola", on(tickets.reply, number, body="Vi ser på det"))
    assert owed == {(KARI, Topic.REPLY), (KARI, Topic.TAKEN)}
    owed = act("kari", on(tickets.reply, number, body="Takk, det haster"))
    assert owed == {(OLA, Topic.ANSWERED)}


def test_an_answer_on_a_ticket_that_nobody_has_tells_nobody(act, number):
    assert act("kari", on(tickets.reply, number, body="Er det noen der?")) == set()


def test_closing_and_opening_again_tell_the_requester(act, number):
    close, again = (on(tickets.set_status, number, to=to) for to in (Status.CLOSED, Status.OPEN))
    assert act("ola", close) == {(KARI, Topic.CLOSED)}
    assert act("ola", again) == {(KARI, Topic.REOPENED)}


def test_who_opens_his_ticket_again_by_an_answer_is_not_told_so(act, number):
    act("ola", on(tickets.take, number))
    act("ola", on(tickets.set_status, number, to=Status.CLOSED))
    owed = act("kari", on(tickets.reply, number, body="Nei, den virker fortsatt ikke."))
    assert owed == {(OLA, Topic.ANSWERED)}


def test_starting_work_on_a_free_ticket_tells_who_has_it(act, number):
    owed = act("ola", on(tickets.set_status, number, to=Status.IN_PROGRESS))
    assert owed == {(KARI, Topic.TAKEN)}


def test_high_priority_tells_all_workers_while_nobody_has_it_and_then_its_handler(act, number):
    high = on(triage.set_priority, number, to=Priority.HIGH)
    assert act("ola", high) == {(NINA, Topic.HIGH), (ANNE, Topic.HIGH)}
    act("ola", on(triage.set_priority, number, to=Priority.LOW))
    act("nina", on(tickets.take, number))
    assert act("ola", high) == {(NINA, Topic.HIGH)}


@pytest.mark.parametrize(
    "verb",
    [
        lambda number: on(triage.set_priority, number, to=Priority.LOW),
        lambda number: on(triage.tag, number, add=["tag"]),
        lambda number: on(tickets.note, number, body="Bare for oss"),
        lambda number: on(
            triage.wait, number, until=clock.now() + timedelta(days=2),
            waiting_for=WaitingFor.SUPPLIER, reason="deler"
        ),
        lambda number: on(triage.set_due, number, to=clock.now() + timedelta(days=2)),
        lambda number: on(tickets.retitle, number, title="Skriveren i 2. etasje"),
    ],
)  # fmt: skip
def test_what_workers_decide_among_themselves_tells_nobody(act, number, verb):
    assert act("ola", verb(number)) == set()


def test_what_is_planned_and_its_job_are_in_the_same_transaction(act, number, app):
    def break_off(session, actor):
        on(tickets.reply, number, body="Angrer")(session, actor)
        raise ZeroDivisionError

    with change() as session:
        before = len(session.scalars(select(Job)).all())
    with pytest.raises(ZeroDivisionError):
        act("ola", break_off)
    with change() as session:
        assert len(session.scalars(select(Job)).all()) == before


def test_a_reply_waits_for_its_writer_to_think_again(act, number):
    act("ola", on(tickets.reply, number, body="Vi ser på det"))
    with change() as session:
        reply = session.scalars(select(Delivery).where(Delivery.topic == Topic.REPLY)).one()
        job = session.scalars(select(Job).where(Job.about == reply.id)).one()
        assert reply.run_at - reply.created_at == timedelta(seconds=15)
        assert (job.run_at, job.lane) == (reply.run_at, Lane.PEOPLE)
        assert reply.automatic is False


def test_automatic_ones_stand_behind_what_people_write(act):
    act("kari", opened)
    with change() as session:
        job = session.scalars(select(Job).where(Job.name == "deliver")).one()
        assert job.lane == Lane.AUTOMATIC
        assert session.get_one(Delivery, job.about).automatic is True


@pytest.mark.parametrize(
    ("chosen", "phone", "way"),
    [
        (ContactBy.MAIL, "", {(KARI, Medium.MAIL)}),
        (ContactBy.SMS, "98765432", {("+4798765432", Medium.SMS)}),
        (ContactBy.SMS, "", {(KARI, Medium.MAIL)}),
        (ContactBy.NONE, "98765432", set()),
    ],
)
def test_requesters_hear_by_the_way_they_have_chosen(act, chosen, phone, way):
    def wish(session, actor):
        actor.contact_by, actor.phone = chosen, phone

    act("kari", wish)
    act("kari", opened)
    with change() as session:
        found = session.execute(select(Delivery.recipient, Delivery.channel))
        assert {tuple(row) for row in found} == way


def test_one_who_has_no_address_is_not_reached_and_the_reply_says_so(act, number):
    def lose(session, actor):
        actor.email = f"kari{User.NO_ADDRESS}"

    act("kari", lose)
    act("ola", on(tickets.reply, number, body="Vi ser på det"))
    with change() as session:
        found = session.execute(
            select(Delivery.topic, Delivery.state, Delivery.error).where(Delivery.recipient == "")
        )
        assert {tuple(row) for row in found} == {
            (Topic.REPLY, DeliveryState.FAILED, "no_address"),
            (Topic.TAKEN, DeliveryState.CANCELLED, "no_address"),
        }
        owed = session.scalars(select(Job.about).where(Job.name == "deliver")).all()
        assert owed == []


def test_an_account_that_is_shut_out_hears_nothing(act, number, cast):
    def shut(session, actor):
        accounts.deactivate(session, actor, session.get_one(User, cast.kari))

    act("anne", shut)
    assert act("ola", on(tickets.reply, number, body="Vi ser på det")) == set()


def test_a_colleague_without_the_wish_is_left_alone(act, number, cast):
    act("nina", choose, Topic.ASSIGNED, Medium.MAIL, False)
    assert act("ola", give, number, cast.nina) == {(KARI, Topic.TAKEN)}


def test_a_last_answer_says_two_things_to_be_told_as_one(act, number):
    def last(session, actor):
        conversation.answer_and_close(
            session, actor, session.get_one(Ticket, number), body="Ferdig"
        )

    owed = act("ola", last)
    assert owed == {(KARI, Topic.REPLY), (KARI, Topic.CLOSED), (KARI, Topic.TAKEN)}


def test_nothing_internal_is_ever_about_a_requesters_topic():
    internal = {
        Kind.NOTED, Kind.PRIORITY_CHANGED, Kind.PUT_ASIDE, Kind.WOKEN, Kind.DUE_CHANGED,
        Kind.CATEGORISED, Kind.TAGGED, Kind.MERGED, Kind.ABSORBED, Kind.UNMERGED, Kind.GAVE_BACK,
        Kind.LINKED, Kind.UNLINKED, Kind.DUE_SOON, Kind.OVERDUE, Kind.UNDELIVERED
    }  # fmt: skip
    for kind in internal:
        for rule in routing.WHO_HEARS[kind]:
            assert rule.topic not in REQUESTERS
            assert rule.to is not routing.the_requester


def test_a_demo_office_tells_nobody(act):
    def quiet(session, actor):
        with routing.quietly():
            opened(session, actor)

    assert act("kari", quiet) == set()
