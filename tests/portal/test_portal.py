"""The requester's pages."""

import re
import threading

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select

from console.extensions import db
from console.models import Event, Ticket
from tests.bench import statements
from tests.conftest import history_of

WORDS = {"title": "Døra går ikke opp", "description": "Kortet virker ikke.\nRød lampe."}


def test_a_new_requester_is_invited_to_ask(browser_of):
    page = browser_of("kari").get("/tickets/")
    assert "Du har ikke" in page.text
    assert 'href="/tickets/new"' in page.text


def test_a_ticket_is_created_and_shown(app, browser_of):
    kari = browser_of("kari")
    answer = kari.send("/tickets/new", WORDS)
    assert answer.status_code == 303
    page = kari.get(answer.location)
    assert "Døra går ikke opp" in page.text
    assert "Kortet virker ikke.\nRød lampe." in page.text
    assert "Kari Moe opprettet saken" in page.text
    with app.app_context():
        assert db.session.scalars(select(Event.kind)).all() == ["ticket.opened"]
    assert "Døra går ikke opp" in kari.get("/tickets/").text


@pytest.mark.parametrize(
    ("title", "description"),
    [
        ("", ""),
        ("ab", "Beskrivelsen min"),
        ("Tittelen min", ""),
        ("å" * 201, "Beskrivelsen min"),
        ("   \u200b  \u200b ", "Beskrivelsen min"),
        ("Tittelen min", "🙂" * 20_001),
    ],
)
def test_what_was_typed_survives_a_refusal(app, browser_of, title, description):
    answer = browser_of("kari").send("/tickets/new", {"title": title, "description": description})
    assert answer.status_code == 422
    assert "field-error" in answer.text
    if title.strip(" \u200b"):
        assert title in answer.text
    assert description in answer.text
    with app.app_context():
        assert db.session.scalar(select(func.count(Ticket.id))) == 0


def test_the_length_is_counted_as_stored_and_not_as_sent(browser_of):
    """A browser sends each line break as two characters."""
    lines = "\r\n".join(["a" * 99] * 200)
    assert browser_of("kari").send("/tickets/new", {"title": "Mange linjer", "description": lines})
    answer = browser_of("kari").send("/tickets/new", {"title": "Linjer", "description": lines})
    assert answer.status_code == 303


def test_markup_is_shown_as_written(browser_of):
    kari = browser_of("kari")
    battery = '<script>alert(1)</script> "><img src=x onerror=alert(1)> {{7*7}} </textarea><b>'
    page = kari.get(kari.send("/tickets/new", {"title": battery, "description": battery}).location)
    assert "<script>alert" not in page.text
    assert "<img" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "{{7*7}}" in page.text


def test_a_double_click_makes_one_ticket(app, browser_of):
    kari = browser_of("kari")
    form = kari.get("/tickets/new").text
    key = re.search(r'name="key"[^>]*value="([^"]+)"', form)[1]
    places = {kari.send("/tickets/new", {**WORDS, "key": key}).location for _ in range(2)}
    assert len(places) == 1


@pytest.mark.parametrize("key", ["fixed-key", None])
def test_ten_identical_posts_at_once_make_one_ticket(app, browser_of, key):
    kari = browser_of("kari")
    token = kari.token()
    cookie = kari.get_cookie("session").value
    form = {**WORDS, "csrf_token": token, **({"key": key} if key else {})}
    answers, together = [], threading.Barrier(10)

    def send():
        client = app.test_client()
        client.set_cookie("session", cookie)
        together.wait()
        answers.append(client.post("/tickets/new", data=form))

    threads = [threading.Thread(target=send) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == 1
    with app.app_context():
        assert db.session.scalar(select(func.count(Ticket.id))) == 1


@pytest.mark.parametrize(
    "extra",
    [
        {"status": "lukket"},
        {"behandler_id": "1", "assignee": "1", "assignee_id": "1"},
        {"bruker_id": "1", "requester": "1", "requester_id": "1"},
        {"priority": "3", "channel": "api", "version": "9", "id": "7", "closed_at": "2026-01-01"},
    ],
)
def test_fields_that_are_not_in_the_form_have_no_effect(app, browser_of, cast, extra):
    answer = browser_of("kari").send("/tickets/new", {**WORDS, **extra})
    number = int(answer.location.rsplit("/", 1)[1])
    with app.app_context():
        ticket = db.session.get(Ticket, number)
        assert (ticket.status, ticket.assignee_id, ticket.requester_id, ticket.version) == (
            "åpen",
            None,
            cast.kari,
            1,
        )
        assert ticket.channel == "web"


def test_a_lost_token_gives_the_text_back(app, browser_of):
    answer = browser_of("kari").post("/tickets/new", data=WORDS)
    assert answer.status_code == 400
    assert WORDS["title"] in answer.text
    assert "Kortet virker ikke." in answer.text


def test_one_who_was_logged_out_gets_the_text_back(visitor):
    answer = visitor.send("/tickets/new", WORDS)
    assert answer.status_code == 401
    assert "Kortet virker ikke." in answer.text
    assert "/login" in answer.text


def test_the_list_is_paged_newest_first(browser_of, new_ticket):
    for number in range(23):
        new_ticket("kari", title=f"Sak nummer {number}")
    kari = browser_of("kari")
    first, second = kari.get("/tickets/").text, kari.get("/tickets/?page=1").text
    assert re.findall(r"Sak nummer (\d+)", first) == [str(n) for n in range(22, 2, -1)]
    assert re.findall(r"Sak nummer (\d+)", second) == ["2", "1", "0"]
    assert 'rel="next"' in first
    assert 'rel="next"' not in second


@pytest.mark.parametrize("page", ["-1", "99999999999999999999", "x", "", "1.5", "1%00"])
def test_a_page_number_that_is_none_is_answered(browser_of, new_ticket, page):
    new_ticket("kari")
    assert browser_of("kari").get(f"/tickets/?page={page}").status_code == 200


def test_the_requester_sees_who_has_it_and_what_happened(app, browser_of, new_ticket):
    number = new_ticket("kari")
    ola = browser_of("ola")
    ola.send(f"/admin/tickets/{number}/take")
    ola.send(f"/admin/tickets/{number}/status", {"status": "under arbeid"})
    page = browser_of("kari").get(f"/tickets/{number}").text
    assert "Ola Drift tok saken" in page
    assert "under arbeid" in page
    assert "Hos Ola Drift" in page
    with app.app_context():
        assert history_of(db.session, number)[1:] == ["ticket.taken", "ticket.status_changed"]


def test_a_worker_is_led_to_the_console(browser_of, new_ticket):
    number = new_ticket("kari")
    answer = browser_of("ola").get(f"/tickets/{number}")
    assert answer.location == f"/admin/tickets/{number}"


def test_a_long_history_is_shown_in_stretches(browser_of, new_ticket):
    number = new_ticket("kari")
    ola = browser_of("ola")
    for _ in range(15):
        for verb in ("take", "release"):
            ola.send(f"/admin/tickets/{number}/{verb}")
    for _ in range(15):
        for status in ("lukket", "åpen"):
            ola.send(f"/admin/tickets/{number}/status", {"status": status})
    kari = browser_of("kari")
    told, older = [], f"/tickets/{number}"
    while older:
        page = BeautifulSoup(kari.get(older).text, "html5lib")
        told = [line.text.split() for line in page.select(".timeline > li")] + told
        link = page.select_one("[data-earlier]")
        older = link and link["href"]
    assert len(told) == 61
    assert " ".join(told[0]).startswith("Kari Moe opprettet saken")
    assert len({tuple(line) for line in told[1:3]}) == 2


@pytest.mark.parametrize(("path", "most"), [("/tickets/", 4), ("/tickets/{}", 8)])
def test_pages_cost_a_bounded_number_of_statements(app, browser_of, new_ticket, path, most):
    kari, costs = browser_of("kari"), []
    for many in (1, 30):
        numbers = [new_ticket("kari", title=f"Sak {many} {n}") for n in range(many)]
        with app.app_context(), statements(db.engine) as seen:
            assert kari.get(path.format(numbers[0])).status_code == 200
        costs.append(len(seen))
        if path == "/tickets/":
            assert not any("beskrivelse" in statement for statement in seen)
    assert costs[0] == costs[1] <= most
