"""Merging from the page of a ticket: asked once, done, shown, taken back; and links instead."""

import threading
from datetime import timedelta
from io import BytesIO

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from console import clock, tickets
from console.extensions import db
from console.models import Event, Link, Status, Ticket, User
from console.transaction import change
from tests.admin.merge_form import merge, state
from tests.attachments.pictures import picture
from tests.bench import statements
from tests.conftest import history_of, ticket_of
from tests.forms import at_once, notices, said

pytestmark = pytest.mark.english


# --- the way through the page


def test_the_form_asks_once_and_shows_both_side_by_side(app, ola, pair):
    survivor, old = pair
    ola.send(f"/admin/tickets/{old}/note", {"body": "Hun ringte også."})
    page = ola.get(f"/admin/tickets/{old}")
    form = BeautifulSoup(page.text, "html5lib").find("form", action=f"/admin/tickets/{old}/merge")
    fields = {field["name"]: field.get("value", "") for field in form.select("input")}
    asked = ola.post(form["action"], data={**fields, "into": f"#{survivor}"})
    assert asked.status_code == 200
    for text in ("Skriveren er tom", "Ingen utskrift", "Kari Moe", "Hun ringte også.", "30 days"):
        assert text in asked.text
    assert state(app, old) == (None, Status.OPEN, 0)
    form = BeautifulSoup(asked.text, "html5lib").find("form", action=f"/admin/tickets/{old}/merge")
    fields = {field["name"]: field["value"] for field in form.select("input")}
    done = ola.post(form["action"], data=fields)
    assert (done.status_code, done.location) == (303, f"/admin/tickets/{survivor}?merged={old}")
    assert state(app, old) == (survivor, Status.CLOSED, 0)
    after = ola.get(done.location)
    assert "Ingen utskrift" in after.text
    assert f"#{old} is part of this ticket now" in notices(after)
    undo = BeautifulSoup(after.text, "html5lib").select_one(".notice.success form")
    assert undo["action"] == f"/admin/tickets/{old}/unmerge"
    back = ola.send(undo["action"])
    assert (back.status_code, back.location) == (303, f"/admin/tickets/{old}")
    assert state(app, old) == (None, Status.OPEN, 0)
    assert state(app, survivor) == (None, Status.OPEN, 0)


@pytest.mark.parametrize("how", ["{}", "#{}", " {} ", "http://x.example/admin/tickets/{}#e5"])
@pytest.mark.parametrize("sure", [{}, {"sure": "1"}, {"sure": "1", "ask": "1"}])
def test_a_number_alone_merges_at_once(app, ola, pair, how, sure):
    survivor, old = pair
    answer = merge(ola, old, how.format(survivor), **sure)
    assert answer.status_code == 303
    assert state(app, old)[0] == survivor


@pytest.mark.parametrize("ask", [{}, {"ask": "1"}])
@pytest.mark.parametrize(
    "into", ["", "0", "-1", "999999", "9" * 30, "abc", "12\x0034", "1.5", "٣", "#", "/tickets/"]
)
def test_a_number_that_is_none_is_said_so_and_kept(app, ola, pair, into, ask):
    answer = merge(ola, pair[1], into, **ask)
    assert answer.status_code == 422
    assert "no ticket with that number" in notices(answer)
    field = BeautifulSoup(answer.text, "html5lib").find("input", attrs={"name": "into"})
    assert into.replace("\x00", "") in (field["value"], field["value"].replace("\ufffd", ""))
    assert state(app, pair[1]) == (None, Status.OPEN, 0)


@pytest.mark.parametrize("ask", [{}, {"ask": "1"}])
def test_what_cannot_be_merged_says_why(app, ola, pair, ask):
    survivor, old = pair
    assert merge(ola, old, old, **ask).status_code == 422
    merge(ola, old, survivor)
    ring = merge(ola, survivor, old, **ask)
    assert ring.status_code == 409
    assert "already" in notices(ring)
    ola.send(f"/admin/tickets/{old}/unmerge")
    ola.send(f"/admin/tickets/{survivor}/status", {"status": "lukket"})
    assert "closed" in notices(merge(ola, old, survivor, **ask))


@pytest.mark.parametrize("ask", [{}, {"ask": "1"}, {"sure": "1"}])
def test_two_customers_are_linked_instead(app, ola, new_ticket, ask):
    mine, theirs = new_ticket("kari"), new_ticket("per", "Pers skriver")
    refused = merge(ola, mine, theirs, **ask)
    assert refused.status_code == 409
    assert "link them instead" in refused.text
    form = BeautifulSoup(refused.text, "html5lib").find(
        "form", action=f"/admin/tickets/{mine}/link"
    )
    fields = {field["name"]: field["value"] for field in form.select("input")}
    assert ola.post(form["action"], data=fields).status_code == 303
    assert state(app, mine) == state(app, theirs) == (None, Status.OPEN, 0)
    for here, there in ((mine, "Pers skriver"), (theirs, "Skriveren er tom")):
        linked = BeautifulSoup(ola.get(f"/admin/tickets/{here}").text, "html5lib")
        assert there in linked.select_one(".linked-tickets").text
    remove = linked.select_one(".linked-tickets form")
    fields = {field["name"]: field["value"] for field in remove.select("input")}
    assert ola.post(remove["action"], data=fields).status_code == 303
    page = BeautifulSoup(ola.get(f"/admin/tickets/{mine}").text, "html5lib")
    assert not page.select(".linked-tickets")
    with app.app_context():
        assert db.session.scalars(select(Link)).all() == []


@pytest.mark.parametrize("to", ["", "0", "abc", "9" * 30])
def test_a_link_to_no_ticket_is_said_so(ola, number, to):
    answer = ola.send(f"/admin/tickets/{number}/link", {"to": to})
    assert answer.status_code == 422
    assert "no ticket with that number" in notices(answer)
    assert ola.send(f"/admin/tickets/{number}/link", {"to": number}).status_code == 422


def test_a_merge_sees_what_was_written_since_its_page(ola, kari, pair):
    survivor, old = pair
    page = ola.get(f"/admin/tickets/{old}")
    kari.send(f"/tickets/{old}/reply", {"body": "Vent, det er en annen skriver."})
    form = BeautifulSoup(page.text, "html5lib").find("form", action=f"/admin/tickets/{old}/merge")
    version = form.find("input", attrs={"name": "version"})["value"]
    stopped = merge(ola, old, survivor, version=version, sure="1")
    assert stopped.status_code == 409
    assert "Vent, det er en annen skriver." in stopped.text
    form = BeautifulSoup(stopped.text, "html5lib").find(
        "form", action=f"/admin/tickets/{old}/merge"
    )
    fields = {field["name"]: field["value"] for field in form.select("input")}
    assert ola.post(form["action"], data=fields).status_code == 303


# --- what the page shows


def test_the_page_of_a_family_shows_texts_files_and_secrets_of_all(app, ola, kari, new_ticket):
    survivor = new_ticket("kari", "Skriveren er tom")
    old = new_ticket("kari", "Ingen utskrift", description="Passord: Sommer2026! på skjermen")
    kari.send(
        f"/tickets/{old}/reply",
        {"body": "Passord: Vinter2026!", "attachments": (BytesIO(picture()), "feil.png")},
    )
    merge(ola, old, survivor)
    page = ola.get(f"/admin/tickets/{survivor}")
    assert "på skjermen" in page.text
    assert f"from #{old}" in page.text
    shown = BeautifulSoup(page.text, "html5lib")
    file = shown.select_one(".thumb img")["src"]
    secrets = [tag["data-secret"] for tag in shown.select("[data-secret]")]
    assert len(secrets) == 2
    for client, place in ((ola, f"/admin/tickets/{survivor}"), (kari, f"/tickets/{survivor}")):
        assert client.get(file).status_code == 200
        for secret, value in zip(secrets, ("Sommer2026!", "Vinter2026!"), strict=True):
            assert value in client.send(f"{place}/secrets/show", {"secret": secret}).text
    assert ola.send(f"/admin/tickets/{old}/secrets/wipe", {"secret": secrets[0]}).status_code == 303
    gone = ola.send(f"/admin/tickets/{survivor}/secrets/show", {"secret": secrets[0]})
    assert "Sommer2026!" not in gone.text


def test_a_secret_far_back_in_a_merged_ticket_is_shown_where_it_stands(ola, kari, new_ticket):
    old = new_ticket("kari", "Ingen utskrift", description="Passord: Sommer2026!")
    survivor = new_ticket("kari", "Skriveren er tom")
    for n in range(20):
        kari.send(f"/tickets/{survivor}/reply", {"body": f"Purring {n}"})
    merge(ola, old, survivor)
    first = ola.get(f"/admin/tickets/{survivor}?before=999999")
    assert first.status_code == 200
    page = ola.get(f"/admin/tickets/{survivor}")
    earlier = BeautifulSoup(page.text, "html5lib").select_one("[data-earlier]")
    assert earlier.text == "Show earlier entries"
    secret = BeautifulSoup(ola.get(earlier["href"]).text, "html5lib").select_one("[data-secret]")
    place = f"/admin/tickets/{survivor}/secrets/show"
    assert "Sommer2026!" in ola.send(place, {"secret": secret["data-secret"]}).text


def test_after_the_undo_the_page_says_what_stayed(ola, kari, pair):
    survivor, old = pair
    merge(ola, old, survivor)
    for n in range(2):
        kari.send(f"/tickets/{old}/reply", {"body": f"Etterpå {n}"})
    back = ola.send(f"/admin/tickets/{old}/unmerge", follow_redirects=True)
    assert "2 replies were written after the merge" in notices(back)
    links = BeautifulSoup(back.text, "html5lib").select(".unmerged a")
    assert [link["href"].partition("#")[0] for link in links] == [f"/tickets/{survivor}"] * 3
    assert said(back) == []
    assert said(ola.get(f"/admin/tickets/{survivor}")) == ["Etterpå 0", "Etterpå 1"]


def test_a_merge_of_last_month_has_no_undo(app, cast, ola, pair):
    survivor, old = pair
    with clock.at(clock.now() - timedelta(days=31)), app.app_context(), change() as session:
        tickets.merge(
            session, session.get_one(User, cast.nina), session.get_one(Ticket, old),
            into=session.get_one(Ticket, survivor),
        )  # fmt: skip
    page = ola.get(f"/admin/tickets/{survivor}")
    assert not BeautifulSoup(page.text, "html5lib").select(".merged-tickets form")
    late = ola.send(f"/admin/tickets/{old}/unmerge")
    assert late.status_code == 409
    assert "30 days" in notices(late)


def test_a_ticket_page_costs_no_more_for_what_stands_around_it(app, ola, new_ticket):
    numbers = [new_ticket("kari", f"Sak {n}") for n in range(12)]
    costs = {}
    for many in (0, 1, 8):
        for each in numbers[1 : 1 + many]:
            merge(ola, each, numbers[0])
        with app.app_context(), statements(db.engine) as seen:
            assert ola.get(f"/admin/tickets/{numbers[0]}").status_code == 200
        costs[many] = len(seen)
    assert costs[0] <= 8
    assert costs[1] == costs[8] <= costs[0] + 2
    with app.app_context(), statements(db.engine) as seen:
        ola.get(f"/admin/tickets/{numbers[1]}")
    assert len(seen) <= 5


# --- at once


def test_ten_who_merge_the_same_at_once_are_one_merge(app, ola, pair):
    survivor, old = pair
    answers = at_once(app, ola, f"/admin/tickets/{old}/merge", {"into": str(survivor)})
    assert {answer.status_code for answer in answers} == {303}
    assert state(app, survivor)[2] == 1
    with app.app_context():
        assert history_of(db.session, old) == ["ticket.opened", "ticket.merged"]
    answers = at_once(app, ola, f"/admin/tickets/{old}/unmerge", {})
    assert {answer.status_code for answer in answers} == {303}
    assert state(app, survivor)[2] == 0


def together(app, client, *forms):
    """Send different forms in the same moment; their answers in that order."""
    cookie, token = client.get_cookie("session").value, client.token()
    barrier, answers = threading.Barrier(len(forms)), {}

    def send(n, path, form):
        browser = app.test_client()
        browser.set_cookie("session", cookie)
        barrier.wait()
        answers[n] = browser.post(path, data={"csrf_token": token, **form})

    threads = [threading.Thread(target=send, args=(n, *form)) for n, form in enumerate(forms)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[n].status_code for n in range(len(forms))]


def test_two_merges_that_cross_make_no_ring(app, ola, new_ticket):
    for n in range(5):
        one, other = (new_ticket("kari", f"Sak {n} {name}") for name in "ab")
        codes = together(
            app, ola,
            (f"/admin/tickets/{one}/merge", {"into": other}),
            (f"/admin/tickets/{other}/merge", {"into": one}),
        )  # fmt: skip
        assert sorted(codes) == [303, 409]
        assert sorted([state(app, one)[2], state(app, other)[2]]) == [0, 1]


def test_a_reply_sent_during_the_merge_is_not_lost(app, ola, new_ticket):
    for n in range(5):
        survivor, old = (new_ticket("kari", f"Sak {n} {name}") for name in "ab")
        codes = together(
            app, ola,
            (f"/admin/tickets/{old}/merge", {"into": survivor}),
            (f"/admin/tickets/{old}/reply", {"body": f"Svar {n}"}),
            (f"/admin/tickets/{survivor}/reply", {"body": f"Mer {n}"}),
        )  # fmt: skip
        assert codes == [303, 303, 303]
        assert sorted(said(ola.get(f"/admin/tickets/{survivor}"))) == [f"Mer {n}", f"Svar {n}"]
        with app.app_context():
            merged = db.session.scalar(
                select(Event).where(Event.ticket_id == old, Event.kind == "ticket.merged")
            )
            assert merged.version == ticket_of(db.session, old).version
