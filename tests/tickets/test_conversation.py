"""Replies and notes: who reads them, what they set going, and that each is said once."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from console import clock, tickets
from console.models import Event, Link, Message, Status, Ticket, User
from console.tickets import conversation, queries
from console.tickets.errors import NotAllowed, Stale, TicketError
from console.transaction import change
from tests.conftest import history_of, ticket_of

# SQLite has one writer: there two moments cannot meet.
moments_that_meet = pytest.mark.parametrize("app", ["mariadb"], indirect=True)


@pytest.fixture
def ticket(session, new_ticket):
    return ticket_of(session, new_ticket("kari"))


def messages(session, ticket):
    return session.scalars(select(Message).where(Message.ticket_id == ticket.id)).all()


def close(session, people, ticket, *, days_ago=0):
    with clock.at(clock.now() - timedelta(days=days_ago)):
        tickets.set_status(session, people("ola"), ticket, to=Status.CLOSED)


def test_the_first_reply_of_a_worker_takes_a_ticket_that_nobody_has(session, people, ticket):
    event = tickets.reply(session, people("ola"), ticket, body="Har du prøvd å **slå den av**?")
    assert history_of(session, ticket.id) == ["ticket.opened", "ticket.taken", "ticket.replied"]
    assert ticket.assignee == people("ola")
    (message,) = messages(session, ticket)
    assert (message.event, message.author, message.internal, message.markdown) == (
        event, people("ola"), False, True,
    )  # fmt: skip
    assert message.body == "Har du prøvd å **slå den av**?"


def test_a_second_worker_replies_without_taking_it(session, people, ticket):
    tickets.take(session, people("nina"), ticket)
    tickets.reply(session, people("ola"), ticket, body="Jeg var der i dag tidlig.")
    assert ticket.assignee == people("nina")


def test_a_note_takes_nothing_and_is_not_the_requesters_business(session, people, ticket):
    touched = ticket.public_at
    event = tickets.note(session, people("ola"), ticket, body="Ring Lillevik først.")
    assert ticket.assignee is None
    assert ticket.public_at == touched < ticket.updated_at
    assert event.internal
    seen = queries.timeline(session, people("kari"), ticket).events
    assert [each.kind for each in seen] == ["ticket.opened"]
    both = queries.timeline(session, people("nina"), ticket).events
    assert [each.kind for each in both] == ["ticket.opened", "ticket.noted"]


def test_a_requester_replies_in_plain_text_on_his_own_ticket_only(session, people, ticket):
    tickets.reply(session, people("kari"), ticket, body="Den står i *2.* etasje.")
    assert not messages(session, ticket)[0].markdown
    assert ticket.assignee is None
    with pytest.raises(NotAllowed):
        tickets.reply(session, people("per"), ticket, body="Min også!")
    with pytest.raises(NotAllowed):
        tickets.note(session, people("kari"), ticket, body="Hemmelig")


def test_a_worker_who_asked_himself_is_a_requester_there(session, people, new_ticket):
    ticket = ticket_of(session, new_ticket("ola"))
    tickets.reply(session, people("ola"), ticket, body="Den står på lageret.")
    assert ticket.assignee is None
    assert not messages(session, ticket)[0].markdown


def test_an_answer_opens_a_closed_ticket_again(session, people, ticket):
    tickets.take(session, people("ola"), ticket)
    close(session, people, ticket, days_ago=13)
    tickets.reply(session, people("kari"), ticket, body="Den virker fortsatt ikke.")
    assert (ticket.status, ticket.closed_at, ticket.assignee) == (
        Status.OPEN, None, people("ola"),
    )  # fmt: skip
    assert history_of(session, ticket.id)[-2:] == ["ticket.replied", "ticket.status_changed"]


def test_one_who_has_left_does_not_get_an_opened_ticket(session, people, ticket):
    tickets.take(session, people("ola"), ticket)
    close(session, people, ticket)
    people("ola").active = False
    tickets.reply(session, people("kari"), ticket, body="Den virker fortsatt ikke.")
    assert ticket.assignee is None
    session.rollback()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("Takk!", Status.CLOSED),
        ("Tusen takk for hjelpen!", Status.CLOSED),
        ("Takk, men den virker fortsatt ikke", Status.OPEN),
        ("Takk! Når kommer dere?", Status.OPEN),
        ("Takk. Printeren i tredje etasje også.", Status.OPEN),
    ],
)
def test_a_bare_thank_you_is_kept_and_does_not_open_it(session, people, ticket, body, status):
    close(session, people, ticket)
    event = tickets.reply(session, people("kari"), ticket, body=body)
    assert ticket.status is status
    assert [message.body for message in messages(session, ticket)] == [body]
    assert ("thanks" in event.changes) == (status is Status.CLOSED)


def test_a_worker_may_answer_on_a_closed_ticket_which_stays_closed(session, people, ticket):
    close(session, people, ticket)
    tickets.reply(session, people("nina"), ticket, body="Nytt passord ligger i safen.")
    assert ticket.status is Status.CLOSED
    assert ticket.assignee is None


def test_an_answer_long_after_is_a_new_ticket_linked_to_the_old(session, people, ticket):
    close(session, people, ticket, days_ago=15)
    event = tickets.reply(session, people("kari"), ticket, body="Nå er den tom igjen.", key="k")
    later = session.get_one(Ticket, event.ticket_id)
    assert later.id != ticket.id
    assert (later.title, later.description, later.status, later.requester) == (
        ticket.title, "Nå er den tom igjen.", Status.OPEN, people("kari"),
    )  # fmt: skip
    assert ticket.status is Status.CLOSED
    assert session.get(Link, (ticket.id, later.id)) is not None
    assert event.changes == {"follows": [None, ticket.id]}
    assert history_of(session, ticket.id)[-1] == "ticket.followed_up"
    again = tickets.reply(session, people("kari"), ticket, body="Nå er den tom igjen.", key="k")
    assert again.id == event.id
    assert history_of(session, ticket.id).count("ticket.followed_up") == 1


def test_a_follow_up_sent_again_is_the_same_whatever_became_of_the_old(session, people, ticket):
    close(session, people, ticket, days_ago=15)
    for key in ("k", None):
        first = tickets.reply(session, people("kari"), ticket, body=f"Igjen {key}", key=key)
        tickets.set_status(session, people("ola"), ticket, to=Status.OPEN)
        again = tickets.reply(session, people("kari"), ticket, body=f"Igjen {key}", key=key)
        assert again.id == first.id
        close(session, people, ticket, days_ago=15)
    assert not messages(session, ticket)


@moments_that_meet
def test_a_worker_who_is_shut_out_in_the_same_moment_takes_nothing(
    app, session, people, ticket, cast
):
    number, ola = ticket.id, people("ola")
    session.rollback()
    assert ola.active  # as the page saw it
    with app.app_context(), change() as other:
        other.get_one(User, cast.ola).active = False
    tickets.reply(session, ola, session.get_one(Ticket, number), body="Hei")
    assert session.get_one(Ticket, number).assignee is None
    session.rollback()


@moments_that_meet
def test_a_first_reply_takes_the_ticket_whatever_else_happens_in_that_moment(
    app, session, people, ticket, cast
):
    number, ola = ticket.id, people("ola")
    session.rollback()
    ticket = session.get_one(Ticket, number)
    with app.app_context(), change() as other:
        nina = other.get_one(User, cast.nina)
        tickets.note(other, nina, other.get_one(Ticket, number), body="Ring dem først.")
    assert ticket.version == 1  # as the page saw it
    tickets.reply(session, ola, ticket, body="Hei")
    assert (ticket.assignee, ticket.version) == (ola, 4)
    session.rollback()


def test_how_long_is_long_after_is_a_setting(session, people, ticket):
    close(session, people, ticket, days_ago=3)
    event = tickets.reply(session, people("kari"), ticket, body="Igjen.", reopen_days=2)
    assert event.ticket_id != ticket.id


@pytest.mark.parametrize("verb", [tickets.reply, tickets.note])
def test_the_same_form_twice_is_one_message(session, people, ticket, verb):
    first = verb(session, people("ola"), ticket, body="Ett svar", key="form-1")
    assert verb(session, people("ola"), ticket, body="Ett svar", key="form-1") is first
    # The back button brings the old key with other words: that is another message.
    assert verb(session, people("ola"), ticket, body="Et annet svar", key="form-1") is not first
    assert [message.body for message in messages(session, ticket)] == ["Ett svar", "Et annet svar"]


def test_without_a_key_the_same_words_within_a_minute_are_one_message(session, people, ticket):
    first = tickets.reply(session, people("ola"), ticket, body="Hei")
    assert tickets.reply(session, people("ola"), ticket, body="Hei") is first
    with clock.at(clock.now() + timedelta(minutes=3)):
        assert tickets.reply(session, people("ola"), ticket, body="Hei") is not first
    # A note of the same words is another thing, and so is the same from somebody else.
    tickets.note(session, people("ola"), ticket, body="Hei")
    tickets.reply(session, people("nina"), ticket, body="Hei")
    assert len(messages(session, ticket)) == 4


@pytest.mark.parametrize("body", ["", "   \n\t ", "\u200b\u2060", "\x00"])
def test_a_message_that_says_nothing_is_refused(session, people, ticket, body):
    for verb in (tickets.reply, tickets.note):
        with pytest.raises(TicketError) as refusal:
            verb(session, people("ola"), ticket, body=body)
        assert (refusal.value.status, refusal.value.field) == (422, "body")
    assert history_of(session, ticket.id) == ["ticket.opened"]


def test_a_message_may_have_20_000_characters_and_no_more(session, people, ticket):
    tickets.reply(session, people("ola"), ticket, body="å" * Message.BODY_MAX)
    with pytest.raises(TicketError, match="20"):
        tickets.reply(session, people("ola"), ticket, body="å" * (Message.BODY_MAX + 1))


def test_what_was_not_read_stops_the_sending_once(session, people, ticket):
    seen = queries.timeline(session, people("ola"), ticket).last
    tickets.reply(session, people("nina"), ticket, body="Jeg kommer i morgen.")
    tickets.reply(session, people("kari"), ticket, body="Fint!")
    with pytest.raises(Stale) as refusal:
        tickets.reply(session, people("ola"), ticket, body="Vi kommer på fredag.", seen=seen)
    assert [(event.kind, event.actor.username) for event in refusal.value.news] == [
        ("ticket.taken", "Nina Vakt"),
        ("ticket.replied", "Nina Vakt"),
        ("ticket.replied", "Kari Moe"),
    ]
    last = refusal.value.news[-1].id
    tickets.reply(session, people("ola"), ticket, body="Vi kommer på fredag.", seen=last)
    assert [message.body for message in messages(session, ticket)][-1] == "Vi kommer på fredag."


def test_a_requester_is_not_stopped_by_what_he_may_not_see(session, people, ticket):
    seen = queries.timeline(session, people("kari"), ticket).last
    tickets.note(session, people("ola"), ticket, body="Hun ringer alltid.")
    tickets.take(session, people("ola"), ticket)
    tickets.reply(session, people("kari"), ticket, body="Den lyser rødt nå.", seen=seen)
    tickets.reply(session, people("ola"), ticket, body="Jeg kommer.")
    with pytest.raises(Stale) as refusal:
        tickets.reply(session, people("kari"), ticket, body="Hallo?", seen=seen)
    assert [event.message.body for event in refusal.value.news] == ["Jeg kommer."]


def test_own_changes_and_glances_at_secrets_stop_nobody(session, people, ticket):
    seen = queries.timeline(session, people("ola"), ticket).last
    tickets.note(session, people("ola"), ticket, body="passord: Sommer2026!")
    secret = queries.secrets(session, ticket, [messages(session, ticket)[0].id])[0]
    from console.tickets import secrecy

    secrecy.show(session, people("nina"), ticket, secret_id=secret.id)
    tickets.reply(session, people("ola"), ticket, body="Hei", seen=seen)


def test_an_event_of_another_ticket_tells_nothing(session, people, ticket, new_ticket):
    other = session.scalar(select(Event.id).where(Event.ticket_id == new_ticket("per", "Annet")))
    session.rollback()
    tickets.reply(session, people("nina"), ticket, body="Først")
    for seen in (other, 2**31 - 1, 0):
        tickets.reply(session, people("ola"), ticket, body=f"Så {seen}", seen=seen)


def test_the_conversation_is_read_in_stretches(session, people, ticket):
    for number in range(20):
        tickets.note(session, people("ola"), ticket, body=f"Notat {number}")
        tickets.reply(session, people("nina"), ticket, body=f"Svar {number}")
    newest = queries.timeline(session, people("kari"), ticket)
    assert newest.earlier
    assert len(newest.events) == queries.TIMELINE_PAGE
    assert newest.events[-1].message.body == "Svar 19"
    before = queries.timeline(session, people("kari"), ticket, before=newest.events[0].id)
    assert not before.earlier
    told = [*before.events, *newest.events]
    assert [event.message.body for event in told if event.message] == [
        f"Svar {number}" for number in range(20)
    ]
    assert not any(event.internal for event in told)


def test_a_page_of_conversation_costs_three_statements(session, people, ticket):
    from tests.bench import statements

    costs = []
    for many in (3, 30):
        for number in range(many):
            tickets.reply(session, people("nina"), ticket, body=f"Svar {many} {number}")
        session.flush()
        ola = people("ola")
        with statements(session.get_bind()) as seen:
            timeline = queries.timeline(session, ola, ticket)
            assert [event.actor.username for event in timeline.events if event.message]
        costs.append(len(seen))
    assert costs == [3, 3]


def test_long_after_is_counted_from_the_day_it_was_closed(session, people, ticket):
    assert not conversation.is_over(ticket, 0)
    close(session, people, ticket, days_ago=14)
    assert conversation.is_over(ticket, 13)
    assert not conversation.is_over(ticket, 15)


def test_a_last_answer_is_said_and_the_ticket_closed_once(session, people, ticket):
    for _ in range(2):
        tickets.answer_and_close(
            session, people("ola"), ticket, body="Nettet er oppe igjen.", key="et-skjema"
        )
    assert history_of(session, ticket.id) == [
        "ticket.opened", "ticket.taken", "ticket.replied", "ticket.status_changed",
    ]  # fmt: skip
    assert (ticket.status, ticket.assignee) == (Status.CLOSED, people("ola"))
    with pytest.raises(TicketError):
        tickets.answer_and_close(session, people("ola"), ticket, body="Og en ting til.")


def test_a_last_answer_does_not_go_past_one_that_was_not_read(session, people, ticket):
    tickets.reply(session, people("kari"), ticket, body="Nå er den borte.")
    with pytest.raises(Stale) as refused:
        tickets.answer_and_close(session, people("ola"), ticket, body="Alt virker.", version=1)
    assert [event.actor for event in refused.value.news] == [people("kari")]


def test_a_requester_closes_nothing_with_an_answer(session, people, ticket):
    with pytest.raises(NotAllowed):
        tickets.answer_and_close(session, people("kari"), ticket, body="Det ordnet seg.")
    assert history_of(session, ticket.id) == ["ticket.opened"]
