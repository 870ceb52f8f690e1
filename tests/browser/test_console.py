"""The worker's console in real browsers: taking, moving, many at once, finding, exporting."""

import csv
import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from console import clock, tickets
from console.models import Status, Ticket
from tests.browser.conftest import House, Seat

BADGE = ".badge-status"


def numbers_of(seat: Seat) -> list[int]:
    """The numbers of the rows that the list shows, in their order."""
    return [int(text) for text in seat.find("tbody td.number").all_inner_texts()]


def tab_count(seat: Seat, tab: str) -> int:
    return int(seat.find(f".tabs a[href*='tab={tab}'] .tab-count").inner_text())


def search(seat: Seat, words: str) -> None:
    seat.find("[name=search]").fill(words)
    seat.press("form[role=search] button")


def choose(seat: Seat, **filters: str) -> None:
    """Set filters by the label of the column and the text of the choice."""
    for label, choice in filters.items():
        box = seat.find(".filter-grid label", has_text=re.compile(rf"^\s*{label}")).first
        if not box.is_visible():
            seat.find("details.filters > summary").click()
        box.locator("select").select_option(label=choice)
    seat.press("form[role=search] button")


def test_the_second_to_take_hears_who_was_first(house: House, seat) -> None:
    ticket = house.ticket(title="To vil ha den")
    ola, nina = seat("ola"), seat("nina")
    for worker in (ola, nina):
        worker.go(f"/admin/tickets/{ticket}")
    ola.press("form[action$='/take'] button")
    nina.press("form[action$='/take'] button", status=409)
    expect(nina.find("[role=alert]")).to_contain_text("Ola Drift")
    expect(nina.find(".facts dl")).to_contain_text("Ola Drift")
    expect(nina.find("form[action$='/take']")).to_have_count(0)


def test_the_second_to_take_from_the_list_hears_who_was_first(house: House, seat) -> None:
    ticket = house.ticket(title="To ser samme liste")
    ola, nina = seat("ola"), seat("nina")
    for worker in (ola, nina):
        worker.go("/admin/tickets/")
    ola.press(ola.row(ticket).locator("button[formaction$='/take']"))
    nina.press(nina.row(ticket).locator("button[formaction$='/take']"), status=409)
    expect(nina.find("[role=alert]")).to_contain_text("Ola Drift")


def test_a_status_set_on_an_old_page_shows_the_news_and_can_be_set_anyway(
    house: House, seat
) -> None:
    ticket = house.ticket(title="Siden er gammel")
    ola, nina = seat("ola"), seat("nina")
    for worker in (ola, nina):
        worker.go(f"/admin/tickets/{ticket}")
    nina.press("form[action$='/take'] button")
    nina.press(".status-buttons button[value='under arbeid']")
    ola.press(".status-buttons button[value='lukket']", status=409)
    news = ola.find("section[role=alert]")
    expect(news.locator("li")).to_have_count(2)
    expect(news).to_contain_text("Nina Vakt")
    expect(ola.find(f".facts dl {BADGE}")).to_have_text("under arbeid")
    expect(news.locator("button")).to_have_text("Sett til lukket likevel")
    ola.press(news.locator("button"))
    assert ola.path == f"/admin/tickets/{ticket}"
    expect(ola.find(f".facts dl {BADGE}")).to_have_text("lukket")
    expect(ola.find("section[role=alert]")).to_have_count(0)


def test_a_status_set_on_an_old_list_shows_the_news(house: House, seat) -> None:
    ticket = house.ticket(title="Listen er gammel")
    ola, nina = seat("ola"), seat("nina")
    ola.go("/admin/tickets/?tab=all")
    nina.go(f"/admin/tickets/{ticket}")
    nina.press("form[action$='/take'] button")
    ola.press(ola.row(ticket).locator("button[value=lukket]"), status=409)
    expect(ola.find("section[role=alert]")).to_contain_text("Nina Vakt")
    ola.press(ola.find("section[role=alert] button"))
    expect(ola.find(f".facts dl {BADGE}")).to_have_class(re.compile("closed"))


def test_handing_over_and_giving_back(house: House, seat) -> None:
    ticket = house.ticket(title="Fra hånd til hånd")
    ola = seat("ola")
    ola.go(f"/admin/tickets/{ticket}")
    # Nobody is chosen: the browser itself asks for a choice, and nothing is sent.
    ola.find("form[action$='/assign'] button").click()
    expect(ola.find("[name=assignee]:invalid")).to_have_count(1)
    names = ola.find("[name=assignee] option").all_inner_texts()
    assert "Kari Moe" not in names
    ola.find("[name=assignee]").select_option(label="Nina Vakt")
    ola.press("form[action$='/assign'] button")
    expect(ola.find("[name=assignee] option:checked")).to_have_text("Nina Vakt")
    ola.press("form[action$='/release'] button")
    expect(ola.find(".timeline li").last).to_have_class("released")
    expect(ola.find("form[action$='/take'] button")).to_be_visible()


def test_many_at_once_are_asked_for_once_more(house: House, seat) -> None:
    three = [house.ticket(title=f"Bunke bunketest {n}") for n in range(3)]
    left = house.ticket(title="Bunke bunketest som ble igjen")
    ola = seat("ola")
    ola.go("/admin/tickets/")
    search(ola, "bunketest")
    for ticket in three:
        ola.row(ticket).locator("[name=rowid]").check()
    ola.find("[name=action]").select_option("take")
    ola.press(".bulk button")
    expect(ola.find("h1")).to_contain_text("3")
    expect(ola.find("main form")).to_contain_text(f"#{three[0]}")
    ola.press("main form button")
    expect(ola.find(".notice.success")).to_contain_text("3")
    assert sorted(numbers_of(ola)) == [*three, left], "back to the same search"
    for ticket in three:
        expect(ola.row(ticket)).to_contain_text("Ola Drift")
    expect(ola.row(left)).not_to_contain_text("Ola Drift")

    # All of the page at once; one of them is refused, by number and with the reason.
    house.act("nina", lambda s, nina: tickets.take(s, nina, s.get_one(Ticket, left)))
    ola.find("[data-tick-all]").check()
    expect(ola.find("[name=rowid]:checked")).to_have_count(4)
    ola.find("[name=action]").select_option("take")
    ola.press(".bulk button")
    ola.press("main form button")
    expect(ola.find(".notice.error")).to_contain_text(f"#{left}")
    expect(ola.find(".notice.error")).to_contain_text("Nina Vakt")


def test_many_at_once_can_be_called_off(house: House, seat) -> None:
    ticket = house.ticket(title="Angret angretest")
    ola = seat("ola")
    ola.go("/admin/tickets/?search=angretest")
    ola.row(ticket).locator("[name=rowid]").check()
    ola.find("[name=action]").select_option("close")
    ola.press(".bulk button")
    expect(ola.find("h1")).to_contain_text("1")
    ola.press("main .buttons a")
    assert numbers_of(ola) == [ticket]
    expect(ola.row(ticket).locator(BADGE)).to_have_class(re.compile("open"))


def test_many_at_once_without_a_tick_says_so(house: House, seat) -> None:
    house.ticket()
    ola = seat("ola")
    ola.go("/admin/tickets/?tab=all")
    ola.press(".bulk button")
    assert ola.path == "/admin/tickets/"
    expect(ola.find(".notice.error")).to_be_visible()


def test_tabs_count_what_they_hold(house: House, seat) -> None:
    worker = house.person("Telle Drift", "drift")
    somebody = seat(worker)
    somebody.go("/admin/tickets/")
    tabs = ("unassigned", "mine", "open", "in_progress", "closed", "all")
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
        "open": 2,
        "in_progress": 1,
        "closed": 0,
        "all": 3,
    }
    for tab, rows in (("mine", {one, two}), ("in_progress", {two})):
        somebody.press(f".tabs a[href*='tab={tab}']")
        expect(somebody.find(".tabs [aria-current]")).to_have_attribute(
            "href", re.compile(rf"tab={tab}$")
        )
        assert rows <= set(numbers_of(somebody))
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
    assert numbers_of(somebody) == [two, one]
    choose(somebody, Status="lukket")
    assert numbers_of(somebody) == [two]
    expect(somebody.find("details.filters[open] summary")).to_contain_text("2")
    choose(somebody, Status="åpen", Behandler="Ingen")
    assert three in numbers_of(somebody)
    assert not {one, two} & set(numbers_of(somebody))
    choose(somebody, Status="alle", Behandler=worker)
    assert numbers_of(somebody) == [two, one]
    somebody.press("form[role=search] a")  # all filters off again
    expect(somebody.find("details.filters[open]")).to_have_count(0)


def test_filters_on_requester_and_day(house: House, seat) -> None:
    asks = house.person("Døgnvill Ås", "bruker")
    ticket = house.ticket(asks, "Fra i dag")
    today = clock.now().date()
    ola = seat("ola")
    for day, found in ((today - timedelta(days=2), [ticket]), (today + timedelta(days=2), [])):
        ola.go("/admin/tickets/?tab=all")
        ola.find("details.filters > summary").click()
        ola.find(".filter-grid input[type=text]").fill("døgnvill")
        ola.find(".filter-grid input[type=date]").first.fill(day.isoformat())
        ola.press("form[role=search] button")
        assert numbers_of(ola) == found
    expect(ola.find(".empty")).to_be_visible()


def test_the_headings_sort(house: House, seat) -> None:
    titles = ("Sorteringstest bil", "Sorteringstest ål", "Sorteringstest Ærfugl")
    by_title = dict(zip(titles, (house.ticket(title=t) for t in titles), strict=True))
    alphabet = [by_title[t] for t in (titles[0], titles[2], titles[1])]
    ola = seat("ola")
    ola.go("/admin/tickets/?tab=all&search=sorteringstest")
    assert numbers_of(ola) == sorted(by_title.values(), reverse=True), "the newest first"
    column = ola.find("thead th", has_text="Tittel")
    ola.press(column.locator("a"))
    expect(column).to_have_attribute("aria-sort", "ascending")
    assert numbers_of(ola) == alphabet, "æ before å, and a search stays"
    ola.press(column.locator("a"))
    expect(column).to_have_attribute("aria-sort", "descending")
    assert numbers_of(ola) == alphabet[::-1]
    for heading in ola.find("thead th a").all_inner_texts():
        ola.press(ola.find("thead th", has_text=heading).locator("a"))
        assert set(numbers_of(ola)) == set(alphabet), heading
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
    assert ticket in numbers_of(ola)
    assert other not in numbers_of(ola)
    expect(ola.find("[name=search]")).to_have_value(words[word])


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
    assert head[:4] == ["Nr.", "Tittel", "Innmelder", "Status"]
    assert {row[0]: row[1] for row in rows} == {
        str(evil): "'=HYPERLINK(1) eksporttest",
        str(plain): "Blåbærsyltetøy; «eksporttest»",
    }
    assert rows[0][3] == "åpen"
    assert ola.path == "/admin/tickets/"


def test_a_call_on_the_phone_becomes_a_ticket_of_the_one_who_called(house: House, seat) -> None:
    ola = seat("ola")
    ola.go("/admin/")
    ola.press(".places a[href^='/admin/tickets/new']")
    ola.fill(requester="finnes ikke", title="Ringte om skjermen", description="Den er svart.")
    ola.find("[name=channel][value=phone]").check()
    ola.expected.add(422)
    with ola.page.expect_navigation():
        ola.find("main form button").click()
    expect(ola.find(".wrong [name=requester]")).to_have_value("finnes ikke")
    expect(ola.find("[name=description]")).to_have_value("Den er svart.")
    ola.fill(requester="kari@kunde.example")
    ola.press("main form button")
    assert re.fullmatch(r"/admin/tickets/\d+", ola.path)
    expect(ola.find(".facts dl")).to_contain_text("Kari Moe")
    kari = seat("kari")
    kari.go(ola.path.removeprefix("/admin"))
    expect(kari.find(".written")).to_have_text("Den er svart.")


def test_pages_of_the_list_follow_each_other(house: House, seat) -> None:
    many = [house.ticket(title=f"Blatest {n}") for n in range(23)]
    ola = seat("ola")
    ola.go("/admin/tickets/?tab=all&search=blatest")
    assert numbers_of(ola) == many[:2:-1]
    ola.press(".pager a[rel=next]")
    assert numbers_of(ola) == many[2::-1]
    ola.press(".pager a[rel=prev]")
    assert numbers_of(ola) == many[:2:-1]


def test_the_console_does_not_exist_for_requesters(seat) -> None:
    kari = seat("kari")
    for path in ("/admin/", "/admin/tickets/", "/admin/tickets/new/", "/admin/users/"):
        kari.go(path, status=404)
    expect(kari.find("a[href^='/admin']")).to_have_count(0)
    ola = seat("ola")
    for path in ("/admin/users/", "/admin/roles/", "/admin/deliveries/"):
        ola.go(path, status=404)
    expect(ola.find("a[href^='/admin/users']")).to_have_count(0)
