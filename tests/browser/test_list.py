"""Finding tickets in the worker's list: tabs, filters, sorting, search, pages, export."""

import csv
import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from console import clock, tickets
from console.models import Status, Ticket
from tests.browser.conftest import House, Seat


def tab_count(seat: Seat, tab: str) -> int:
    return int(seat.find(f".tabs a[href*='tab={tab}'] .tab-count").inner_text())


def search(seat: Seat, words: str) -> None:
    seat.find("#search").fill(words)
    seat.press("form[role=search] > .btn-main")


def choose(seat: Seat, **filters: str) -> None:
    """Set filters by the label of the column and the text of the choice."""
    for label, choice in filters.items():
        box = seat.find(".filter-grid label", has_text=re.compile(rf"^\s*{label}")).first
        if not box.is_visible():
            seat.press("form[role=search] [name=filters]")
        box.locator("select").select_option(label=choice)
    seat.press("form[role=search] > .btn-main")


def test_tabs_count_what_they_hold(house: House, seat) -> None:
    worker = house.person("Telle Drift", "drift")
    somebody = seat(worker)
    somebody.go("/admin/tickets/")
    tabs = ("unassigned", "mine", "waiting_for_us", "high", "closed_today")
    before = {tab: tab_count(somebody, tab) for tab in tabs}
    one, two, _three = (house.ticket(title=f"Telles {n}") for n in range(3))
    house.act(worker, lambda s, me: tickets.take(s, me, s.get_one(Ticket, one)))
    house.act(
        worker,
        lambda s, me: tickets.set_status(s, me, s.get_one(Ticket, two), to=Status.IN_PROGRESS),
    )
    somebody.page.reload()
    after = {tab: tab_count(somebody, tab) for tab in tabs}
    assert {tab: after[tab] - before[tab] for tab in tabs} == {
        "unassigned": 1,
        "mine": 2,
        "waiting_for_us": 3,
        "high": 0,
        "closed_today": 0,
    }
    for tab, rows in (("mine", {one, two}), ("waiting_for_us", {one, two})):
        somebody.press(f".tabs a[href*='tab={tab}']")
        expect(somebody.find(".tabs [aria-current]")).to_have_attribute(
            "href", re.compile(rf"tab={tab}$")
        )
        assert rows <= set(somebody.listed())
    # The first page of the console counts the same.
    somebody.go("/admin/")
    expect(somebody.find(".figures a[href*='tab=mine'] strong")).to_have_text("2")


def test_filters_on_status_and_handler_hold_together(house: House, seat) -> None:
    worker = house.person("Filter Drift", "drift")
    one, two, three = (house.ticket(title=f"Filtreres {n}") for n in range(3))
    for ticket in (one, two):
        house.act(worker, lambda s, me, n=ticket: tickets.take(s, me, s.get_one(Ticket, n)))
    house.act(
        worker,
        lambda s, me: tickets.set_status(s, me, s.get_one(Ticket, two), to=Status.CLOSED),
    )
    somebody = seat(worker)
    somebody.go("/admin/tickets/")
    choose(somebody, Behandler="Meg")
    assert somebody.listed() == [two, one]
    choose(somebody, Status="lukket")
    assert somebody.listed() == [two]
    expect(somebody.find("details.filters[open] summary")).to_contain_text("2")
    choose(somebody, Status="åpen", Behandler="Ingen")
    assert three in somebody.listed()
    assert not {one, two} & set(somebody.listed())
    choose(somebody, Status="alle", Behandler=worker)
    assert somebody.listed() == [two, one]
    somebody.press("form[role=search] a")  # all filters off again
    expect(somebody.find("details.filters[open]")).to_have_count(0)


def test_filters_on_requester_and_day(house: House, seat) -> None:
    asks = house.person("Døgnvill Ås", "bruker")
    ticket = house.ticket(asks, "Fra i dag")
    today = clock.now().date()
    ola = seat("ola")
    for day, found in ((today - timedelta(days=2), [ticket]), (today + timedelta(days=2), [])):
        ola.go("/admin/tickets/?tab=all")
        ola.press("form[role=search] [name=filters]")
        ola.find(".filter-grid label", has_text="Innmelder").locator("input").fill("døgnvill")
        ola.find(".filter-grid input[type=date]").first.fill(day.isoformat())
        ola.press("form[role=search] > .btn-main")
        assert ola.listed() == found
    expect(ola.find(".empty")).to_be_visible()


def test_the_headings_sort(house: House, seat) -> None:
    titles = ("Sorteringstest bil", "Sorteringstest ål", "Sorteringstest Ærfugl")
    by_title = dict(zip(titles, (house.ticket(title=t) for t in titles), strict=True))
    alphabet = [by_title[t] for t in (titles[0], titles[2], titles[1])]
    ola = seat("ola")
    ola.go("/admin/tickets/?tab=all&search=sorteringstest")
    assert ola.listed() == sorted(by_title.values(), reverse=True), "the newest first"
    column = ola.find("thead th", has_text="Tittel")
    ola.press(column.locator("a"))
    expect(column).to_have_attribute("aria-sort", "ascending")
    assert ola.listed() == alphabet, "æ before å, and a search stays"
    ola.press(column.locator("a"))
    expect(column).to_have_attribute("aria-sort", "descending")
    assert ola.listed() == alphabet[::-1]
    for heading in ola.find("thead th a").all_inner_texts():
        ola.press(ola.find("thead th", has_text=heading).locator("a"))
        assert set(ola.listed()) == set(alphabet), heading
        expect(ola.find("thead th[aria-sort]")).to_have_text(heading)


@pytest.mark.parametrize("word", ["title", "description", "requester", "number"])
def test_the_search_finds(house: House, seat, word) -> None:
    asks = house.person(f"Leif Søkbar {word}", "bruker")
    ticket = house.ticket(
        asks, f"Plotteren {word}ord lager striper", description=f"Feil E{word}42 vises"
    )
    other = house.ticket(title="En helt annen sak")
    ola = seat("ola")
    ola.go("/admin/tickets/")
    words = {
        "title": "titleord striper",
        "description": "Edescription42",
        "requester": asks,
        "number": str(ticket),
    }
    search(ola, words[word])
    assert ticket in ola.listed()
    assert other not in ola.listed()
    expect(ola.find("#search")).to_have_value(words[word])


def test_the_export_opens_in_a_spreadsheet(house: House, seat, tmp_path: Path) -> None:
    evil = house.ticket(title="=HYPERLINK(1) eksporttest")
    plain = house.ticket(title="Blåbærsyltetøy; «eksporttest»")
    ola = seat("ola")
    ola.go("/admin/tickets/?search=eksporttest")
    with ola.page.expect_download() as told:
        ola.find("a[href*='/export/csv']").click()
    assert told.value.suggested_filename.endswith(".csv")
    told.value.save_as(tmp_path / "saker.csv")
    raw = (tmp_path / "saker.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    head, *rows = csv.reader(raw.decode("utf-8-sig").splitlines(), delimiter=";")
    assert head[:3] == ["Nr.", "Tittel", "Innmelder"]
    assert {row[0]: row[1] for row in rows} == {
        str(evil): "'=HYPERLINK(1) eksporttest",
        str(plain): "Blåbærsyltetøy; «eksporttest»",
    }
    assert rows[0][head.index("Status")] == "åpen"
    assert ola.path == "/admin/tickets/"


def test_pages_of_the_list_follow_each_other(house: House, seat) -> None:
    many = [house.ticket(title=f"Blatest {n}") for n in range(23)]
    ola = seat("ola")
    ola.go("/admin/tickets/?tab=all&search=blatest")
    assert ola.listed() == many[:2:-1]
    ola.press(".pager a[rel=next]")
    assert ola.listed() == many[2::-1]
    ola.press(".pager a[rel=prev]")
    assert ola.listed() == many[:2:-1]
