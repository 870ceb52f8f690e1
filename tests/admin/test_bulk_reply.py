"""One reply to many tickets: each gets it once, and none past an answer that was not read."""

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select

from console import tickets
from console.extensions import db
from console.models import Message, Status
from tests.admin.bulk_form import ACT, bulk, form_of, kinds, lines, states
from tests.conftest import ticket_of
from tests.forms import at_once

pytestmark = pytest.mark.english


def send_from_page(client, numbers, body):
    """Fill in the page for one reply as a browser does; the form that was sent."""
    form = form_of(bulk(client, "answer", numbers, ask="1"))
    return {**form, "body": body}


def test_the_page_says_how_many_will_get_the_reply(ola, new_ticket, three):
    new_ticket("kari", title="Enda en")
    bulk(ola, "close", three[:1])
    answer = bulk(ola, "answer", three, ask="1")
    text = " ".join(BeautifulSoup(answer.text, "html5lib").select_one(".readers").text.split())
    assert text.startswith("1 requester gets this reply. 1 ticket is closed already")


def test_each_ticket_gets_the_reply_and_is_closed(app, ola, cast, three):
    form = send_from_page(ola, three, "Serveren er **oppe** igjen.")
    assert states(ola.post(ACT, data=form)) == ["done"] * 3
    for number in three:
        assert kinds(app, number)[-2:] == ["ticket.replied", "ticket.status_changed"]
        with app.app_context():
            ticket = ticket_of(db.session, number)
            assert (ticket.status, ticket.assignee_id) == (Status.CLOSED, cast.ola)
            said = db.session.scalars(select(Message).where(Message.ticket_id == number)).one()
            assert (said.body, said.internal) == ("Serveren er **oppe** igjen.", False)


def test_a_reload_of_the_answer_sends_nothing_again(app, ola, three):
    form = send_from_page(ola, three, "Alt virker igjen.")
    assert states(ola.post(ACT, data=form)) == ["done"] * 3
    bulk(ola, "open", three[:1])
    assert states(ola.post(ACT, data=form)) == ["unchanged"] * 3
    with app.app_context():
        assert db.session.scalar(select(func.count(Message.id))) == 3
        assert ticket_of(db.session, three[0]).status is Status.OPEN


def test_ten_who_send_the_same_at_once_are_one_reply_a_ticket(app, ola, three):
    form = send_from_page(ola, three, "Alt virker igjen.")
    answers = at_once(app, ola, ACT, form)
    assert {answer.status_code for answer in answers} == {200}
    found = [line for answer in answers for line in lines(answer)]
    for number in map(str, three):
        assert [state for n, state, _ in found if n == number].count("done") == 1
    with app.app_context():
        assert db.session.scalar(select(func.count(Message.id))) == 3
    for number in three:
        assert kinds(app, number).count("ticket.replied") == 1
        assert kinds(app, number)[-1] == "ticket.status_changed"


def test_a_closed_ticket_gets_no_reply(app, ola, three):
    bulk(ola, "close", three[:1])
    answer = bulk(ola, "answer", three, body="Alt virker igjen.", key="k")
    assert states(answer) == ["refused", "done", "done"]
    assert "ticket.replied" not in kinds(app, three[0])


def test_a_reply_does_not_go_past_an_answer_that_was_not_read(app, ola, three, act):
    form = send_from_page(ola, three, "Alt virker igjen.")
    form |= {f"version-{number}": "1" for number in three}
    act("kari", tickets.reply, three[1], body="Nei, det gjør det ikke.")
    answer = ola.post(ACT, data=form)
    assert lines(answer)[0][:2] == (str(three[1]), "refused")
    assert states(answer) == ["refused", "done", "done"]
    assert kinds(app, three[1])[-1] == "ticket.replied"
    # Tried again, from how it stands now: the same words, once more asked for.
    asked = ola.post(ACT, data=form_of(answer))
    again = form_of(asked)
    assert again["rowid"] == [str(three[1])]
    assert again["body"] == "Alt virker igjen."
    assert states(ola.post(ACT, data=again)) == ["done"]
    with app.app_context():
        assert ticket_of(db.session, three[1]).status is Status.CLOSED


def test_a_secret_in_the_reply_is_hidden_on_every_ticket(app, ola, three):
    bulk(ola, "answer", three, body="Nytt passord: Sommer2026!xyz", key="k")
    with app.app_context():
        for body in db.session.scalars(select(Message.body)):
            assert "Sommer2026" not in body
