"""The doors of priority, category, tags, waiting and due dates; and no word of it to requesters."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from console import clock
from console.extensions import db
from console.models import Event, Priority, Tag, TicketTag
from tests.conftest import history_of, ticket_of


@pytest.fixture
def console(ola, number):
    """Send one of a ticket's forms as Ola."""

    def send(verb, **fields):
        return ola.send(f"/admin/tickets/{number}/{verb}", fields)

    return send


def day(days):
    return (clock.now() + timedelta(days=days)).date().isoformat()


def facts(ola, number):
    page = BeautifulSoup(ola.get(f"/admin/tickets/{number}").text, "html5lib")
    return page.find("main")


def test_a_worker_sets_the_priority(app, ola, console, number):
    answer = console("priority", priority="3")
    assert answer.status_code == 303
    with app.app_context():
        assert ticket_of(db.session(), number).priority is Priority.HIGH
        assert history_of(db.session(), number)[-1] == "ticket.priority_changed"
    assert facts(ola, number).select_one("button.priority-3")["aria-pressed"] == "true"


@pytest.mark.parametrize("value", ["", "0", "4", "høy", "3.0", "²", "9" * 400, "\x00"])
def test_a_priority_that_is_none_is_refused(app, console, number, value):
    answer = console("priority", priority=value)
    assert answer.status_code == 422
    with app.app_context():
        assert ticket_of(db.session(), number).priority is Priority.MEDIUM


def test_two_who_change_the_priority_see_both_values(console, number, browser_of):
    browser_of("nina").send(f"/admin/tickets/{number}/priority", {"priority": "3"})
    answer = console("priority", priority="1", version="1")
    assert answer.status_code == 409
    page = BeautifulSoup(answer.text, "html5lib")
    assert [cell.text for cell in page.select(".clash td")] == ["middels", "høy", "lav"]
    assert console("priority", priority="1").status_code == 303


def test_a_ticket_gets_a_category_and_loses_it(app, ola, console, number):
    console("category", category="3")
    chosen = facts(ola, number).select_one("#category option[selected]")
    assert chosen.text == "Skriver og skanner"
    console("category", category="")
    with app.app_context():
        assert ticket_of(db.session(), number).category is None


@pytest.mark.parametrize("value", ["99999", "-1", "x", "٣", "3" * 300])
def test_a_category_that_is_none_is_refused(console, value):
    assert console("category", category=value).status_code == 422


def test_tags_of_two_who_write_at_once_are_both_kept(app, console, number, browser_of):
    console("tags", tags="skriver, 3. etg", had="")
    browser_of("nina").send(
        f"/admin/tickets/{number}/tags", {"tags": "skriver, haster", "had": "skriver"}
    )
    with app.app_context():
        tags = db.session.scalars(select(Tag.name).join(TicketTag).order_by(Tag.name)).all()
        assert tags == ["3. etg", "haster", "skriver"]


def test_too_long_a_tag_is_refused_and_not_lost(console):
    answer = console("tags", tags="kort, " + "x" * 40, had="")
    assert answer.status_code == 422
    page = BeautifulSoup(answer.text, "html5lib")
    assert page.select_one("#tags")["value"] == "kort, " + "x" * 40


def test_a_ticket_is_put_aside_until_a_day(app, ola, console, number):
    answer = console("wait", until=day(3), waiting_for="supplier", reason="Del på vei")
    assert answer.status_code == 303
    with app.app_context():
        ticket = ticket_of(db.session(), number)
        assert ticket.is_waiting
        assert ticket.waiting_reason == "Del på vei"
    assert "Del på vei" in facts(ola, number).text
    assert f'data-id="{number}"' in ola.get("/admin/tickets/?tab=put_aside").text
    assert f'data-id="{number}"' not in ola.get("/admin/tickets/?tab=waiting_for_us").text
    console("wake")
    with app.app_context():
        assert ticket_of(db.session(), number).waiting_until is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"until": "i morgen"}, {"until": ""}, {"until": "2026-13-40"}, {"until": "0001-01-01"},
        {"until": "9999-12-31"}, {"until": day(-1)}, {"waiting_for": "nobody"},
        {"waiting_for": ""}, {"reason": "x" * 201}, {"until": "2026-02-30\x00"},
    ],
    ids=str,
)  # fmt: skip
def test_waiting_that_makes_no_sense_is_refused_and_what_was_typed_stays(
    app, console, number, wrong
):
    form = {"until": day(3), "waiting_for": "supplier", "reason": "Del på vei", **wrong}
    answer = console("wait", **form)
    assert answer.status_code == 422
    page = BeautifulSoup(answer.text, "html5lib")
    assert page.select_one("#reason")["value"] == form["reason"]
    assert page.select_one("details.aside-form[open]")
    with app.app_context():
        assert ticket_of(db.session(), number).waiting_until is None


def test_a_due_date_is_in_time_until_its_evening(app, ola, console, number):
    console("due", due=day(1))
    with app.app_context():
        assert ticket_of(db.session(), number).due_at > clock.now() + timedelta(hours=12)
    assert facts(ola, number).select_one("#due")["value"] == day(1)
    console("due", due="")
    with app.app_context():
        assert ticket_of(db.session(), number).due_at is None


@pytest.mark.parametrize(
    ("verb", "fields"),
    [
        ("priority", {"priority": "3"}), ("category", {"category": "1"}), ("tags", {"tags": "x"}),
        ("wait", {"until": day(2), "waiting_for": "other"}), ("wake", {}), ("due", {"due": day(2)}),
    ],
)  # fmt: skip
def test_to_a_requester_none_of_these_doors_exists(app, browser_of, number, verb, fields):
    answer = browser_of("kari").send(f"/admin/tickets/{number}/{verb}", fields)
    assert answer.status_code == 404
    with app.app_context():
        assert db.session.scalars(select(Event.kind)).all() == ["ticket.opened"]


def test_the_list_shows_and_filters_what_was_decided(ola, console, number, new_ticket):
    other = new_ticket("per", title="En annen sak")
    console("priority", priority="3")
    console("category", category="3")
    console("tags", tags="toner")

    def shown(query):
        page = BeautifulSoup(ola.get(f"/admin/tickets/?tab=all{query}").text, "html5lib")
        return [int(row["data-id"]) for row in page.select("tr[data-id]")]

    assert shown("") == [other, number]
    assert shown("&sort=4") == [other, number]
    assert shown("&sort=4&desc=1") == [number, other]
    for place, value in ((7, "3"), (8, "3"), (11, "TONER"), (11, "#toner")):
        assert shown(f"&flt0_{place}={value.replace('#', '%23')}") == [number], place
    assert shown("&flt0_8=none") == [other]
    assert shown("&flt0_10=phone") == []
    assert shown("&flt0_12=requester") == [other, number]
    assert shown("&flt0_9=finnesikke") == []


def test_columns_are_chosen_and_stay_in_the_address(ola, number):
    chosen = ola.get("/admin/tickets/?tab=all&col=tags&col=category&col=nonsense")
    assert chosen.status_code == 302
    assert "cols=tags,category,nonsense" in chosen.location
    page = BeautifulSoup(ola.get(chosen.location).text, "html5lib")
    heads = [head.text.strip() for head in page.select("thead th")]
    assert heads[1:-1] == ["Nr.", "Tittel", "Kategori", "Stikkord"]
    assert "cols=" in page.select_one(".tabs a")["href"]
    assert f'data-id="{number}"' in page.decode()
