"""Secrets through the doors: bullets on the page, a value on purpose, and nothing for ever."""

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from console import tickets
from console.models import Event, Ticket, User
from console.transaction import change
from tests.forms import fields_of, notices, said

PASSWORD = "Sommer2026!"


def write(client, number, body):
    return client.send(f"/tickets/{number}/reply", {"body": body})


def marks(answer):
    """The secrets on the page: the number of each, and what is shown in its place."""
    page = BeautifulSoup(answer.text, "html5lib")
    for button in page.select(".secret button"):
        assert page.find("form", id=button["form"]), "a button that sends nothing"
    return {mark["data-secret"]: mark.text for mark in page.select(".secret")}


def test_a_password_is_hidden_shown_on_purpose_and_wiped_for_good(browser_of, kari, number):
    sent = write(kari, number, f"Passordet mitt er {PASSWORD} hjemme")
    page = kari.get(sent.location)
    assert "Det du skrev, inneholder et passord." in notices(page)
    assert PASSWORD not in page.text
    ((secret, shown),) = marks(page).items()
    assert shown == "skjult: et passord"
    page = kari.send(f"/tickets/{number}/secrets/show", {"secret": secret})
    assert PASSWORD in marks(page)[secret]
    assert said(page)[0].endswith("hjemme")
    assert "så på" not in page.text
    assert PASSWORD not in kari.get(f"/tickets/{number}").text
    assert "Kari Moe så på et passord" in browser_of("ola").get(f"/admin/tickets/{number}").text
    wiped = kari.send(f"/tickets/{number}/secrets/wipe", {"secret": secret})
    page = kari.get(wiped.location)
    assert marks(page) == {secret: "slettet: et passord"}
    assert "Kari Moe slettet et passord" in page.text
    gone = kari.send(f"/tickets/{number}/secrets/show", {"secret": secret})
    assert gone.status_code == 410
    assert "Det er slettet. Ingen kan se det lenger." in notices(gone)
    assert PASSWORD not in gone.text


def test_a_secret_far_back_in_the_conversation_is_shown_too(app, cast, kari, number):
    write(kari, number, f"passord: {PASSWORD}")
    with app.app_context(), change() as session:
        ola, ticket = session.get_one(User, cast.ola), session.get_one(Ticket, number)
        for n in range(40):
            tickets.reply(session, ola, ticket, body=f"Svar {n}")
        first = session.scalars(
            select(Event).where(Event.ticket_id == number, Event.version == 3)
        ).one()
        before = first.id
    page = kari.get(f"/tickets/{number}?before={before}")
    ((secret, _),) = marks(page).items()
    page = kari.send(f"/tickets/{number}/secrets/show", {"secret": secret})
    assert PASSWORD in marks(page)[secret]


def test_news_with_a_secret_can_be_looked_at_before_one_sends(browser_of, kari, number):
    form = {**fields_of(kari.get(f"/tickets/{number}")), "body": "Hva er det nye passordet?"}
    words = {"body": f"Nytt passord: {PASSWORD}"}
    browser_of("ola").send(f"/admin/tickets/{number}/reply", words)
    stopped = kari.post(f"/tickets/{number}/reply", data=form)
    assert stopped.status_code == 409
    assert PASSWORD not in stopped.text
    assert list(marks(stopped).values()) == ["skjult: et passord"]


@pytest.mark.parametrize("number_", ["0", "-1", "x", "", "999999", "9" * 30])
@pytest.mark.parametrize("verb", ["show", "wipe"])
def test_a_secret_that_is_none_is_not_there(kari, number, verb, number_):
    answer = kari.send(f"/tickets/{number}/secrets/{verb}", {"secret": number_})
    assert answer.status_code == 404


def test_a_worker_who_comes_too_late_stays_on_the_ticket(browser_of, kari, number):
    write(kari, number, f"passord: {PASSWORD}")
    ola, place = browser_of("ola"), f"/admin/tickets/{number}"
    ((secret, _),) = marks(ola.get(place)).items()
    assert PASSWORD in marks(ola.send(f"{place}/secrets/show", {"secret": secret}))[secret]
    assert ola.send(f"{place}/secrets/wipe", {"secret": secret}).location == place
    gone = ola.send(f"{place}/secrets/show", {"secret": secret})
    assert gone.status_code == 410
    assert "Det er slettet. Ingen kan se det lenger." in notices(gone)
    assert marks(gone) == {secret: "slettet: et passord"}
