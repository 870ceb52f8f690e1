"""Taking back a reply: what it had set going goes with it, messages, turn, status and dates."""

import threading
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from console import clock, tickets
from console.models import (
    ContactBy,
    Delivery,
    DeliveryState,
    Event,
    Job,
    Medium,
    Message,
    Side,
    Status,
    Topic,
    WaitingFor,
)
from console.tickets import drafts
from console.tickets.errors import TicketError
from console.tickets.undo import UNDO, take_back
from tests.conftest import history_of

DAY = timedelta(days=1)


def owe(session, event, topic=Topic.REPLY, **more):
    """One message more than what is planned for the requester."""
    delivery = Delivery(
        event=event,
        ticket=event.ticket,
        person=event.ticket.requester,
        recipient="kari@kunde.example",
        topic=topic,
        run_at=clock.now() + UNDO,
        created_at=clock.now(),
        **more,
    )
    session.add(delivery)
    session.flush()
    session.add(Job(name="deliver", about=delivery.id, run_at=delivery.run_at))
    session.flush()
    return delivery


def jobs_of(session, event):
    owed = sa.select(Job.about).join(Delivery, Delivery.id == Job.about)
    return session.scalars(owed.where(Delivery.event_id == event.id).order_by(Job.about)).all()


# --- what is owed for it


def test_all_that_is_owed_for_it_is_cancelled_with_its_jobs(session, say, undo):
    event = say()
    mail = owe(session, event)
    sms = owe(session, event, channel=Medium.SMS, state=DeliveryState.DEFERRED, error="451")
    failed = owe(session, event, state=DeliveryState.FAILED, error="no_address")
    undo(event)
    session.expire_all()
    assert [(d.state, d.error) for d in (mail, sms, failed)] == [
        (DeliveryState.CANCELLED, "taken_back"),
        (DeliveryState.CANCELLED, "taken_back"),
        (DeliveryState.FAILED, "no_address"),
    ]
    assert jobs_of(session, event) == [failed.id]


def test_a_reply_of_which_nobody_is_told_comes_back_too(session, people, ticket, say, undo):
    people("kari").contact_by = ContactBy.NONE
    event = say()
    assert jobs_of(session, event) == []
    assert undo(event) == {"body": "Kom **fredag**"}


@pytest.mark.parametrize(
    "state", [DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.BOUNCED]
)
def test_once_one_of_them_leaves_it_is_too_late(session, people, ticket, say, undo, state):
    event = say()
    waiting = owe(session, event)
    owe(session, event, channel=Medium.SMS, state=state)
    session.commit()
    with pytest.raises(TicketError) as refused:
        undo(event)
    assert refused.value.status == 409
    session.rollback()
    assert waiting.state is DeliveryState.WAITING
    assert len(jobs_of(session, event)) == 3
    assert session.scalar(sa.select(Message.body)) == "Kom **fredag**"


def test_what_is_owed_for_another_reply_goes_on(session, say, undo):
    first, second = say("Nummer en"), say("Nummer to")
    kept = owe(session, first)
    owe(session, second)
    undo(second)
    session.expire_all()
    assert kept.state is DeliveryState.WAITING
    assert kept.id in jobs_of(session, first)
    assert jobs_of(session, second) == []


@pytest.mark.parametrize("app", ["mariadb"], indirect=True)
def test_a_worker_process_that_is_about_to_send_it_decides(session, people, ticket, say, undo):
    """It has marked the message and not yet committed: taking back waits for that, and is late."""
    event = say()
    mail = owe(session, event)
    session.commit()
    number = mail.id
    engine = session.get_bind()
    sender = engine.connect()
    sending = sa.update(Delivery).where(
        Delivery.id == number, Delivery.state == DeliveryState.WAITING
    )
    assert sender.execute(sending.values(state=DeliveryState.SENDING)).rowcount == 1

    def commit():
        time.sleep(0.5)
        sender.commit()
        sender.close()

    thread = threading.Thread(target=commit)
    thread.start()
    with pytest.raises(TicketError):
        undo(event)
    thread.join()
    session.rollback()
    assert session.scalar(sa.select(Message.withdrawn_at)) is None
    session.expire_all()
    assert mail.state is DeliveryState.SENDING


# --- what the reply had done


def test_whose_turn_it_is_follows_from_what_stands(session, ticket, say, undo):
    say("Den blinker", "kari")
    event = say("Prøv igjen")
    assert ticket.last_public_by is Side.US
    undo(event)
    assert ticket.last_public_by is Side.REQUESTER
    first, second = say("Ett"), say("To")
    undo(second)
    assert ticket.last_public_by is Side.US
    undo(first)
    assert ticket.last_public_by is Side.REQUESTER


def test_an_answer_that_came_meanwhile_keeps_its_turn(ticket, say, undo):
    event = say("Prøv igjen")
    say("Virker ikke", "kari")
    undo(event)
    assert ticket.last_public_by is Side.REQUESTER


def test_who_has_taken_it_by_answering_keeps_it(people, ticket, say, undo):
    undo(say())
    assert ticket.assignee == people("ola")


@pytest.mark.parametrize("status", [Status.OPEN, Status.IN_PROGRESS])
def test_send_and_close_is_undone_as_a_whole(session, people, ticket, say, undo, status):
    tickets.take(session, people("ola"), ticket)
    tickets.set_status(session, people("ola"), ticket, to=status)
    event = say()
    closing = tickets.set_status(session, people("ola"), ticket, to=Status.CLOSED)
    notice = owe(session, closing, Topic.CLOSED)
    undo(event)
    session.expire_all()
    assert (ticket.status, ticket.closed_at, ticket.assignee) == (status, None, people("ola"))
    assert (notice.state, notice.error) == (DeliveryState.CANCELLED, "taken_back")
    last = session.scalars(sa.select(Event).order_by(Event.id.desc())).first()
    assert last.changes == {"status": ["lukket", status.value]}
    owed = sa.select(Delivery.topic).where(Delivery.state == DeliveryState.WAITING)
    assert not {Topic.REPLY, Topic.CLOSED, Topic.REOPENED} & set(session.scalars(owed))


def test_a_ticket_that_another_has_closed_stays_closed(session, people, ticket, say, undo):
    event = say()
    tickets.set_status(session, people("nina"), ticket, to=Status.CLOSED)
    undo(event)
    assert ticket.status is Status.CLOSED


def test_what_was_closed_again_since_stays_closed(session, people, ticket, say, undo):
    event = say()
    for status in (Status.CLOSED, Status.OPEN, Status.CLOSED):
        tickets.set_status(session, people("ola"), ticket, to=status)
    undo(event)
    assert ticket.status is Status.CLOSED


def test_an_answer_on_a_closed_ticket_opens_nothing_when_taken_back(
    session, people, ticket, say, undo
):
    tickets.set_status(session, people("ola"), ticket, to=Status.CLOSED)
    undo(say())
    assert ticket.status is Status.CLOSED


def test_a_reply_on_a_ticket_that_was_merged_meanwhile(session, people, ticket, other, say):
    event = say("Kom fredag")
    mail = owe(session, event)
    tickets.merge(session, people("nina"), ticket, into=other)
    draft = take_back(session, people("ola"), other, event.id)
    session.expire_all()
    assert draft["body"] == "Kom fredag"
    assert mail.state is DeliveryState.CANCELLED
    assert history_of(session, other.id)[-1] == "ticket.taken_back"
    assert other.last_public_by is Side.REQUESTER
    assert drafts.find(session, people("ola"), [f"reply:{other.id}"])
    again = tickets.unmerge(session, people("nina"), ticket)
    assert "stayed" not in again.changes


def plan_of(ticket):
    return ticket.waiting_until, ticket.waiting_for, ticket.waiting_reason, ticket.due_at


@pytest.mark.parametrize("times", [1, 2])
def test_the_plan_that_a_closing_took_away_is_there_again(
    session, people, ticket, say, undo, times
):
    ola, now = people("ola"), clock.now().replace(microsecond=0)
    tickets.set_due(session, ola, ticket, to=now + 9 * DAY)
    tickets.wait(
        session,
        ola,
        ticket,
        until=now + 2 * DAY,
        waiting_for=WaitingFor.SUPPLIER,
        reason="Del på vei",
    )
    before = plan_of(ticket)
    for n in range(times):
        event = say(f"Løst {n}")
        tickets.set_status(session, ola, ticket, to=Status.CLOSED)
        assert plan_of(ticket) == (None, None, "", None)
        undo(event)
        assert plan_of(ticket) == before
    tickets.wake(session, ola, ticket)
    assert ticket.due_at == now + 9 * DAY, "what was promised behind the waiting is not forgotten"


def test_what_was_overdue_is_overdue_again(session, people, ticket, say, undo):
    ola, due = people("ola"), clock.now() - timedelta(hours=1)
    with clock.at(clock.now() - DAY):
        tickets.set_due(session, ola, ticket, to=due)
    event = say("Beklager, nå!")
    assert ticket.due_at is None
    undo(event)
    assert ticket.due_at == due


def test_a_date_that_was_set_since_holds(session, people, ticket, say, undo):
    ola, due = people("ola"), clock.now() - timedelta(hours=1)
    with clock.at(clock.now() - DAY):
        tickets.set_due(session, ola, ticket, to=due)
    event = say("Beklager, nå!")
    tickets.set_due(session, people("nina"), ticket, to=clock.now() + DAY)
    after = plan_of(ticket)
    undo(event)
    assert plan_of(ticket) == after


def test_a_plan_of_before_an_earlier_closing_does_not_come_back(session, people, ticket, say, undo):
    ola = people("ola")
    tickets.set_due(session, ola, ticket, to=clock.now() + DAY)
    for status in (Status.CLOSED, Status.OPEN):
        tickets.set_status(session, ola, ticket, to=status)
    event = say()
    tickets.set_status(session, ola, ticket, to=Status.CLOSED)
    undo(event)
    assert plan_of(ticket) == (None, None, "", None)
