"""The button below one's own fresh reply, what it answers, and what everybody sees afterwards."""

from datetime import timedelta
from io import BytesIO

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from console import clock
from console.extensions import db
from console.models import Attachment, Message, Status, Ticket
from tests.bench import statements
from tests.conftest import count, history_of
from tests.forms import fields_of, notices, said

WORDS = "Lillevik kommer **fredag**."


@pytest.fixture
def ola(ola):
    ola.set_cookie("language", "en")
    return ola


@pytest.fixture
def page(ola, number):
    return lambda: ola.get(f"/admin/tickets/{number}")


def send(client, number, body=WORDS, **more):
    answer = client.send(f"/admin/tickets/{number}/reply", {"body": body, **more})
    assert answer.status_code == 303
    return answer


def button(answer):
    return BeautifulSoup(answer.text, "html5lib").select_one(".message .undo button")


def press(client, answer, **typed):
    """Press the button as a browser does: with everything that stands in the form."""
    found = button(answer)
    form = {**fields_of(answer, found["form"]), found["name"]: found["value"], **typed}
    return client.post(found["formaction"], data=form)


def lines(answer):
    found = BeautifulSoup(answer.text, "html5lib").select(".timeline > li")
    return [" ".join(line.text.split()) for line in found]


def test_below_ones_own_fresh_reply_stands_a_button(ola, browser_of, page, number):
    send(ola, number)
    assert "Will be sent in 15 s Undo" in lines(page())[-1]
    assert button(page())["form"] == "reply"
    assert not button(browser_of("nina").get(f"/admin/tickets/{number}"))
    assert not button(browser_of("kari").get(f"/tickets/{number}"))


def test_it_is_gone_after_fifteen_seconds(ola, page, number):
    with clock.at(clock.now() - timedelta(seconds=16)):
        send(ola, number)
    assert not button(page())
    assert "undo.js" not in page().text


def test_what_was_taken_back_stands_in_the_form(app, ola, page, number):
    file = (BytesIO(b"1. start"), "veiledning.txt")
    send(ola, number, "Passord: Sommer2026!\n\nKom fredag", attachments=file)
    answer = press(ola, page())
    assert (answer.status_code, answer.location) == (303, f"/admin/tickets/{number}#reply-body")
    after = ola.get(answer.location)
    form = fields_of(after)
    assert form["body"].strip() == "Passord: Sommer2026!\n\nKom fredag"
    assert len(form["attached"]) == 1
    assert "taken back" in notices(after)
    with app.app_context():
        assert history_of(db.session, number)[-1] == "ticket.taken_back"


def test_both_sides_see_one_quiet_line_and_never_the_words(ola, browser_of, page, number):
    send(ola, number)
    fresh = page()
    kari = browser_of("kari")
    kari.set_cookie("language", "en")
    assert "Lillevik" in kari.get(f"/tickets/{number}").text
    press(ola, fresh)
    for client, path in ((ola, "/admin/tickets"), (kari, "/tickets")):
        after = client.get(f"{path}/{number}")
        shown = [line for line in lines(after) if "reply" in line]
        assert len(shown) == 1, shown
        assert "Ola Drift took back a reply before it was sent" in shown[0]
        assert said(after) == []
    assert "Lillevik" not in kari.get(f"/tickets/{number}").text


def test_send_and_close_is_taken_back_whole(app, ola, browser_of, page, number):
    send(ola, number, status="lukket")
    press(ola, page())
    assert "took back a reply before it was sent and opened the ticket again" in lines(page())[-1]
    with app.app_context():
        assert db.session.get(Ticket, number).status is Status.OPEN
    kari = browser_of("kari")
    kari.set_cookie("language", "en")
    assert "opened the ticket again" in lines(kari.get(f"/tickets/{number}"))[-1]


def test_too_late_is_said_and_loses_nothing(app, ola, page, number):
    send(ola, number)
    fresh = page()
    with app.app_context():
        assert db.session.scalar(select(Message.withdrawn_at)) is None
    file = (BytesIO(b"x"), "mer.txt")
    with clock.at(clock.now() + timedelta(seconds=20)):
        answer = press(ola, fresh, body="Det neste svaret", attachments=file)
    assert answer.status_code == 409
    assert "already been sent" in notices(answer)
    assert said(answer) == ["Lillevik kommer fredag."]
    form = fields_of(answer)
    assert (form["body"].strip(), len(form["attached"])) == ("Det neste svaret", 1)


def test_what_was_typed_meanwhile_comes_after_it(app, ola, page, number):
    send(ola, number, "Det første")
    press(ola, page(), body="Det neste", attachments=(BytesIO(b"x"), "mer.txt"))
    form = fields_of(page())
    assert form["body"].split() == ["Det", "første", "Det", "neste"]
    assert len(form["attached"]) == 1
    assert count(app, Attachment) == 1


def test_a_draft_saved_in_that_moment_comes_too_late(ola, page, number):
    send(ola, number, "Det første")
    fresh = page()
    press(ola, fresh, body="Det neste")
    late = {**fields_of(fresh), "body": "Det neste"}
    assert ola.post(f"/drafts/reply:{number}", data=late).status_code == 409
    assert fields_of(page())["body"].split() == ["Det", "første", "Det", "neste"]


@pytest.mark.parametrize("how", ["form", "back button", "double click"])
def test_the_same_words_are_sent_after_all(app, ola, page, number, how):
    old = {**fields_of(page()), "body": WORDS}
    ola.post(f"/admin/tickets/{number}/reply", data=old)
    fresh = page()
    press(ola, fresh)
    if how == "double click":
        assert press(ola, fresh).status_code == 303
    form = {**fields_of(page()), "seen": ""} if how == "form" else old
    answer = ola.post(f"/admin/tickets/{number}/reply", data=form)
    assert answer.status_code == 303
    after = ola.get(answer.location)
    assert said(after) == ["Lillevik kommer fredag."]
    assert fields_of(after)["body"].strip() == ""
    assert count(app, Message) == 2
    with app.app_context():
        assert history_of(db.session, number)[-2:] == ["ticket.taken_back", "ticket.replied"]


@pytest.mark.parametrize("event", ["", "0", "-1", "x", "1\x00", "9" * 400, "²"])
def test_a_number_that_is_none_takes_nothing_back(app, ola, number, event):
    send(ola, number)
    answer = ola.send(f"/admin/tickets/{number}/reply/take-back", {"event": event})
    assert answer.status_code == 404
    with app.app_context():
        assert history_of(db.session, number)[-1] == "ticket.replied"


def test_another_workers_reply_is_not_ones_own(app, ola, browser_of, page, number):
    send(ola, number)
    event = button(page())["value"]
    for who, status in (("nina", 403), ("kari", 404)):
        answer = browser_of(who).send(f"/admin/tickets/{number}/reply/take-back", {"event": event})
        assert answer.status_code == status
    with app.app_context():
        assert history_of(db.session, number)[-1] == "ticket.replied"


def test_the_button_costs_no_statement(app, ola, page, number):
    send(ola, number)
    counts = []
    for age in (timedelta(), timedelta(minutes=1)):
        with clock.at(clock.now() + age), app.app_context():
            page()
            with statements(db.engine) as seen:
                assert bool(button(page())) is (not age)
            counts.append(len(seen))
    assert counts[0] == counts[1] <= 8


def test_a_page_of_earlier_entries_has_no_button_without_a_form(ola, page, number):
    send(ola, number)
    event = button(page())["value"]
    assert not button(ola.get(f"/admin/tickets/{number}?before={event}"))


def test_requesters_replies_have_none(ola, browser_of, number):
    kari = browser_of("kari")
    kari.send(f"/tickets/{number}/reply", {"body": "Den blinker"})
    assert not button(kari.get(f"/tickets/{number}"))
    assert not button(ola.get(f"/admin/tickets/{number}"))
