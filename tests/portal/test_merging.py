"""What a requester notices of merging: one ticket, old numbers that lead on, and nothing else."""

from io import BytesIO

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from console import tickets
from console.extensions import db
from console.models import Attachment, Event, Message, Secret, Ticket, User
from console.transaction import change
from tests.attachments.pictures import picture
from tests.conftest import history_of
from tests.forms import fields_of, said
from tests.test_nothing_internal import check, walk

pytestmark = pytest.mark.english

FOREIGN = "INTERN-9"


@pytest.fixture
def act(app, cast):
    """Run a verb as Ola on a ticket, perhaps with another one beside it."""

    def run(verb, number, **what):
        with app.app_context(), change() as session:
            for name in ("into", "to"):
                if name in what:
                    what[name] = session.get_one(Ticket, what[name])
            verb(session, session.get_one(User, cast.ola), session.get_one(Ticket, number), **what)

    return run


@pytest.fixture
def pair(new_ticket):
    return new_ticket("kari", "Skriveren er tom"), new_ticket("kari", "Ingen utskrift")


def test_the_list_says_what_a_ticket_was_merged_with_and_leads_there(kari, act, pair):
    survivor, old = pair
    act(tickets.merge, old, into=survivor)
    cards = BeautifulSoup(kari.get("/tickets/").text, "html5lib").select(".ticket-card")
    card = next(card for card in cards if card["href"] == f"/tickets/{old}")
    assert f"Merged with #{survivor}" in card.text
    answer = kari.get(card["href"])
    assert (answer.status_code, answer.location) == (302, f"/tickets/{survivor}")
    page = kari.get(answer.location)
    assert f"from #{old}" in page.text
    assert "Ingen utskrift" in page.text


def test_an_answer_to_the_old_number_reaches_the_survivor(app, kari, act, pair):
    survivor, old = pair
    page = kari.get(f"/tickets/{old}")
    act(tickets.merge, old, into=survivor)
    sent = kari.post(
        f"/tickets/{old}/reply",
        data={**fields_of(page), "body": "Se bildet", "attachments": (BytesIO(picture()), "a.png")},
    )
    assert sent.status_code == 303
    assert sent.location.startswith(f"/tickets/{survivor}#e")
    assert said(kari.get(f"/tickets/{survivor}")) == ["Se bildet"]
    refused = kari.send(f"/tickets/{old}/reply", {"body": ""})
    assert refused.status_code == 422
    assert kari.send(f"/tickets/{old}/presence", {"seen": fields_of(page)["seen"]}).status_code
    with app.app_context():
        assert set(db.session.scalars(select(Message.ticket_id))) == {survivor}
        assert set(db.session.scalars(select(Attachment.ticket_id))) == {survivor}


def test_files_and_secrets_of_the_old_ticket_stay_within_reach(app, kari, act, new_ticket):
    old = new_ticket("kari", "Ingen utskrift", description="Passord: Sommer2026!")
    survivor = new_ticket("kari", "Skriveren er tom")
    form = {"body": "Se", "attachments": (BytesIO(picture()), "feil.png")}
    kari.send(f"/tickets/{old}/reply", form)
    act(tickets.merge, old, into=survivor)
    page = BeautifulSoup(kari.get(f"/tickets/{survivor}").text, "html5lib")
    assert kari.get(page.select_one(".thumb img")["src"]).status_code == 200
    secret = page.select_one("[data-secret]")["data-secret"]
    shown = kari.send(f"/tickets/{survivor}/secrets/show", {"secret": secret})
    assert "Sommer2026!" in shown.text
    kari.send(f"/tickets/{old}/secrets/wipe", {"secret": secret})
    with app.app_context():
        assert db.session.scalar(select(Secret.value)) is None
        assert history_of(db.session, survivor)[-2:] == [
            "ticket.secret_shown", "ticket.secret_wiped",
        ]  # fmt: skip


def test_another_requester_finds_nothing_at_either_number(browser_of, act, pair):
    act(tickets.merge, pair[1], into=pair[0])
    per = browser_of("per")
    for number in pair:
        assert per.get(f"/tickets/{number}").status_code == 404
        assert per.send(f"/tickets/{number}/reply", {"body": "Hei"}).status_code == 404
        assert per.send(f"/drafts/reply:{number}", {"body": "Hei"}).status_code == 404


@pytest.mark.parametrize("verb", ["merge", "unmerge", "link", "unlink"])
def test_requesters_merge_and_link_nothing(app, kari, new_ticket, verb):
    mine, theirs = new_ticket("kari"), new_ticket("per", FOREIGN)
    form = {"into": theirs, "to": theirs, "sure": "1"}
    for place in (f"/admin/tickets/{mine}", f"/tickets/{mine}"):
        assert check(kari.send(f"{place}/{verb}", form)).status_code in (404, 405)
    more = dict.fromkeys(("parent_id", "link_to", "related", "merge_into", "into", "to"), theirs)
    fields = {"title": "Ny sak", "description": "Om den andre", "tags": FOREIGN, **more}
    check(kari.send("/tickets/new", fields, follow_redirects=True))
    check(kari.send(f"/tickets/{mine}/reply", {"body": "Hei", **more}, follow_redirects=True))
    with app.app_context():
        assert history_of(db.session, theirs) == ["ticket.opened"]


@pytest.mark.parametrize("language", ["nb", "en"])
def test_nothing_of_another_customer_comes_along_by_a_link_or_a_merge(
    app, browser_of, act, new_ticket, language
):
    """Opened at every address, with every number, before the undo and after it."""
    mine, old = new_ticket("kari", "Skriveren"), new_ticket("kari", "Ingen utskrift")
    theirs = new_ticket("per", f"{FOREIGN} tittel", description=f"{FOREIGN} tekst")
    per, kari, ola = browser_of("per"), browser_of("kari"), browser_of("ola")
    kari.set_cookie("language", language)
    form = {"body": f"{FOREIGN} svar", "attachments": (BytesIO(picture()), f"{FOREIGN}.png")}
    per.send(f"/tickets/{theirs}/reply", form)
    for number in (mine, old):
        act(tickets.link, number, to=theirs)
        act(tickets.note, number, body=f"{FOREIGN} notat. Passord: {FOREIGN}x")
        act(tickets.tag, number, add=[FOREIGN])
    ola.send(f"/admin/tickets/{old}/merge", {"into": theirs})
    for undone in (False, True):
        act(tickets.unmerge if undone else tickets.merge, old, **({} if undone else {"into": mine}))
        with app.app_context():
            events = db.session.scalars(select(Event.id)).all()
            files = db.session.scalars(select(Attachment.id)).all()
            secrets = db.session.scalars(select(Secret.id)).all()
        begin = ["/tickets/", f"/tickets/{theirs}", f"/admin/tickets/{mine}"]
        for number in (mine, old):
            begin += [f"/tickets/{number}", *(f"/tickets/{number}?before={e}" for e in events)]
        begin += [f"/attachments/{file}{kind}" for file in files for kind in ("", "/thumb")]
        opened = walk(kari, begin)
        assert not any(f"/{theirs}" in path for path in opened - set(begin))
        for number in (mine, old):
            for seen in events:
                told = check(kari.send(f"/tickets/{number}/presence", {"seen": seen}))
                assert told.json == {"people": [], "news": None}
            for secret in secrets:
                shown = check(kari.send(f"/tickets/{number}/secrets/show", {"secret": secret}))
                assert shown.status_code == 404
    assert FOREIGN in ola.get(f"/admin/tickets/{mine}").text  # there is something to find
