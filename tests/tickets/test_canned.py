"""Canned replies: what may stand in one, and how it is filled in."""

import pytest
from sqlalchemy import select

from console import tickets
from console.models import CannedReply
from console.tickets import canned, drafts
from console.tickets.errors import NotAllowed, NotThere, TicketError
from tests.conftest import ticket_of

BODY = "Hei {navn}, sak {nummer}.\n\nHilsen {behandler}"


@pytest.fixture
def define(session, people):
    """Define a canned reply as Ola."""

    def make(body=BODY, title="Takk", who="ola"):
        made = canned.define(session, people(who), title=title, body=body)
        session.flush()
        return made

    return make


@pytest.fixture
def ticket(session, new_ticket):
    return ticket_of(session, new_ticket("kari"))


def test_it_is_filled_in_with_who_and_what(session, people, define, ticket):
    assert canned.fill(define(), ticket, people("nina")) == (
        f"Hei Kari Moe, sak {ticket.id}.\n\nHilsen Nina Vakt"
    )


def test_the_handler_of_the_ticket_signs_it(session, people, define, ticket):
    tickets.take(session, people("ola"), ticket)
    assert canned.fill(define(), ticket, people("nina")).endswith("Hilsen Ola Drift")


def test_a_name_that_looks_like_a_place_is_a_name(session, people, define, ticket):
    people("kari").username = "{behandler} {nummer}"
    assert canned.fill(define("{navn}"), ticket, people("ola")) == "{behandler} {nummer}"


@pytest.mark.parametrize(
    ("body", "found"),
    [("Hei {name}", "{name}"), ("Hei {navn", "{navn"), ("Hei navn}", "}"), ("{}", "{}"),
     ("{{navn}}", "{"), ("{Navn}", "{Navn}"), ("{navn}{", "{"), ("{ navn }", "{ navn }"),
     ("{0.__class__}", "{0.__class__}")],
)  # fmt: skip
def test_a_place_that_nobody_could_fill_is_refused_and_the_known_ones_named(define, body, found):
    with pytest.raises(TicketError) as refusal:
        define(body)
    assert (refusal.value.field, refusal.value.status) == ("body", 422)
    assert str(refusal.value).startswith(found)
    assert "{navn}, {nummer}, {behandler}" in str(refusal.value)


@pytest.mark.parametrize("body", ["", " \n ", "x" * 5001, "\u200b"])
def test_a_text_that_says_nothing_or_too_much_is_refused(define, body):
    with pytest.raises(TicketError) as refusal:
        define(body)
    assert refusal.value.field == "body"


@pytest.mark.parametrize("title", ["", "  ", "x" * 81, "\u2800"])
def test_a_title_that_cannot_be_shown_is_refused(define, title):
    with pytest.raises(TicketError) as refusal:
        define(title=title)
    assert refusal.value.field == "title"


def test_two_of_one_title_are_refused(define):
    define()
    with pytest.raises(TicketError, match="finnes allerede"):
        define(title=" TAKK ")


def test_a_colleague_changes_it_and_stands_there_as_its_editor(session, people, define):
    made = define()
    canned.change(session, people("nina"), made, title="Takk", body="Hei\r\n{navn}  ")
    assert (made.body, made.editor) == ("Hei\n{navn}", people("nina"))
    canned.remove(session, people("ola"), made)
    session.flush()
    assert session.scalars(select(CannedReply)).all() == []


def test_they_are_offered_by_title_and_not_without_end(session, people, define, monkeypatch):
    for title in ("C", "A", "B"):
        define(title=title)
    assert [c.title for c in canned.choices(session, people("ola"))] == ["A", "B", "C"]
    monkeypatch.setattr(canned, "SHOWN_MAX", 2)
    assert len(canned.choices(session, people("ola"))) == 2


def test_a_requester_has_nothing_to_do_with_them(session, people, define, ticket):
    made, kari = define(), people("kari")
    for verb in (
        lambda: canned.define(session, kari, title="X", body="X"),
        lambda: canned.change(session, kari, made, title="X", body="X"),
        lambda: canned.remove(session, kari, made),
        lambda: canned.get(session, kari, made.id),
        lambda: canned.choices(session, kari),
        lambda: canned.put_in(session, kari, ticket, made, place="reply:1"),
    ):
        with pytest.raises(NotAllowed):
            verb()


@pytest.mark.parametrize("number", [0, -1, 2**31, 10**30])
def test_one_that_is_not_there_is_said_not_to_be(session, people, number):
    with pytest.raises(NotThere):
        canned.get(session, people("ola"), number)


def test_it_goes_to_the_end_of_what_was_begun_and_the_files_stay(session, people, define, ticket):
    ola, place = people("ola"), f"reply:{ticket.id}"
    begun = {"body": "Først dette.\n", "attached": [7]}
    drafts.save(session, ola, place, fields=begun, key="k")
    canned.put_in(session, ola, ticket, define("Så det, {navn}."), place=place)
    assert drafts.find(session, ola, [place])[place] == {
        "body": "Først dette.\n\nSå det, Kari Moe.",
        "attached": [7],
    }


def test_it_is_refused_where_it_has_no_room_and_nothing_is_cut(session, people, define, ticket):
    ola, place = people("ola"), f"reply:{ticket.id}"
    drafts.save(session, ola, place, fields={"body": "x" * 19_999}, key="k")
    with pytest.raises(TicketError, match="20 000"):
        canned.put_in(session, ola, ticket, define(), place=place)
    assert drafts.find(session, ola, [place])[place] == {"body": "x" * 19_999}
