"""The number of a merged ticket: it leads on, and what is sent or begun there is not lost."""

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from console import clock, tickets
from console.extensions import db
from console.models import Message, Status, Ticket, User
from console.transaction import change
from tests.admin.merge_form import merge, state
from tests.conftest import history_of, ticket_of
from tests.forms import fields_of, said

pytestmark = pytest.mark.english


def act(app, who, verb, number, **what):
    with app.app_context(), change() as session:
        return verb(session, session.get_one(User, who), session.get_one(Ticket, number), **what).id


def test_every_old_number_of_a_chain_leads_to_the_survivor(ola, new_ticket):
    numbers = [new_ticket("kari", f"Ledd {n}") for n in range(6)]
    for here, there in zip(numbers, numbers[1:], strict=False):
        assert merge(ola, here, there).status_code == 303
    for each in numbers[:-1]:
        answer = ola.get(f"/admin/tickets/{each}")
        assert (answer.status_code, answer.location) == (302, f"/admin/tickets/{numbers[-1]}")
        assert ola.get(f"/tickets/{each}").location == f"/admin/tickets/{numbers[-1]}"
    page = ola.get(f"/admin/tickets/{numbers[-1]}")
    undo = BeautifulSoup(page.text, "html5lib").select(".merged-tickets form")
    assert len(undo) == 5
    middle = numbers[2]
    ola.send(f"/admin/tickets/{middle}/unmerge")
    assert ola.get(f"/admin/tickets/{numbers[0]}").location == f"/admin/tickets/{middle}"
    assert ola.get(f"/admin/tickets/{numbers[3]}").location == f"/admin/tickets/{numbers[-1]}"


def test_what_is_sent_to_the_old_number_is_the_survivors(app, ola, pair):
    survivor, old = pair
    merge(ola, old, survivor)
    place = f"/admin/tickets/{old}"
    said_there = ola.send(f"{place}/reply", {"body": "Jeg kommer"})
    assert said_there.location.startswith(f"/admin/tickets/{survivor}#")
    ola.send(f"{place}/note", {"body": "Husk toner"})
    ola.send(f"{place}/title", {"title": "Begge skriverne"})
    ola.send(f"{place}/status", {"status": "lukket"})
    with app.app_context():
        bodies = db.session.execute(select(Message.ticket_id, Message.body)).all()
        assert bodies == [(survivor, "Jeg kommer"), (survivor, "Husk toner")]
        assert ticket_of(db.session, survivor).title == "Begge skriverne"
        assert ticket_of(db.session, survivor).is_closed
        assert history_of(db.session, old) == ["ticket.opened", "ticket.merged"]


def test_a_page_older_than_the_merge_meets_the_news_once(app, cast, ola, pair):
    survivor, old = pair
    page = ola.get(f"/admin/tickets/{old}")
    act(app, cast.nina, tickets.reply, survivor, body="Jeg ser på det.")
    with app.app_context(), change() as session:
        tickets.merge(
            session, session.get_one(User, cast.nina), session.get_one(Ticket, old),
            into=session.get_one(Ticket, survivor),
        )  # fmt: skip
    sent = {**fields_of(page), "body": "Hei Kari"}
    stopped = ola.post(f"/admin/tickets/{old}/reply", data=sent)
    assert (stopped.status_code, said(stopped)) == (409, ["Jeg ser på det."])
    again = fields_of(stopped)
    assert again["body"] == "Hei Kari"
    assert ola.post(f"/admin/tickets/{survivor}/reply", data=again).status_code == 303
    form = BeautifulSoup(page.text, "html5lib").find("form", action=f"/admin/tickets/{old}/status")
    version = form.find("input", attrs={"name": "version"})["value"]
    close = {"status": "lukket", "version": version}
    stopped = ola.send(f"/admin/tickets/{old}/status", close)
    assert stopped.status_code == 409
    assert state(app, survivor)[1] is not Status.CLOSED
    wish = BeautifulSoup(stopped.text, "html5lib").select_one(".notice form")
    fields = {field["name"]: field["value"] for field in wish.select("input")}
    assert ola.post(wish["action"], data=fields).status_code == 303
    assert state(app, survivor)[1] is Status.CLOSED


def test_ones_own_old_page_stops_nobody(app, ola, pair):
    survivor, old = pair
    for _ in range(3):
        ola.send(f"/admin/tickets/{survivor}/title", {"title": f"Skriver {clock.now()}"})
    page = ola.get(f"/admin/tickets/{old}")
    merge(ola, old, survivor)
    close = {"status": "lukket", "version": 1}
    assert ola.send(f"/admin/tickets/{old}/status", close).status_code == 303
    assert state(app, survivor)[1] is Status.CLOSED
    sent = {**fields_of(page), "body": "Da er det ordnet"}
    assert ola.post(f"/admin/tickets/{old}/reply", data=sent).status_code == 303


def test_a_draft_begun_on_the_old_number_is_shown_and_sent_once(ola, pair):
    survivor, old = pair
    ola.send(f"/drafts/reply:{old}", {"body": "Påbegynt"})
    merge(ola, old, survivor)
    page = ola.get(f"/admin/tickets/{survivor}")
    assert fields_of(page)["body"] == "\nPåbegynt".strip("\n")
    ola.post(f"/admin/tickets/{survivor}/reply", data=fields_of(page))
    assert fields_of(ola.get(f"/admin/tickets/{survivor}"))["body"] == ""


def test_two_drafts_are_both_kept(ola, pair):
    survivor, old = pair
    for number, text in ((old, "På den gamle"), (survivor, "På den andre")):
        ola.send(f"/drafts/note:{number}", {"body": text})
    merge(ola, old, survivor)
    for text in ("På den andre", "På den gamle"):
        page = ola.get(f"/admin/tickets/{survivor}")
        assert fields_of(page, "note")["body"] == text
        ola.post(f"/admin/tickets/{survivor}/note", data=fields_of(page, "note"))
    assert fields_of(ola.get(f"/admin/tickets/{survivor}"), "note")["body"] == ""
