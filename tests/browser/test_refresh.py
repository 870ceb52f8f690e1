"""The list that refreshes itself: news in a bar, changes in place, and nothing that moves."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import expect

from console import tickets
from console.models import Status, Ticket
from tests.browser.conftest import House, Seat

BAR = ".pulse p"


class Office:
    """Tickets of one requester, so that the list of them is nobody else's."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.asks = house.person("Stille Ås", "bruker")

    def ticket(self, title: str = "Stilletest") -> int:
        return self.house.ticket(self.asks, title)

    @property
    def query(self) -> str:
        return f"flt0_2={self.asks.replace(' ', '+')}"

    def act(self, verb: Any, number: int, **how: Any) -> None:
        self.house.act("nina", lambda s, nina: verb(s, nina, s.get_one(Ticket, number), **how))


@pytest.fixture
def office(house: House) -> Office:
    return Office(house)


def watch(seat: Seat, path: str, every: int = 250) -> None:
    """Open the list, and let it ask four times a second instead of every 20."""
    seat.go(path)
    seat.page.mouse.move(2, 2)
    hurry(seat, every)


def hurry(seat: Seat, every: int = 250) -> None:
    seat.page.evaluate(
        "every => { document.querySelector('[data-pulse]').dataset.every = every;"
        " document.dispatchEvent(new Event('visibilitychange')) }",
        every,
    )


def asked_again(seat: Seat, times: int = 2) -> None:
    for _ in range(times):
        with seat.page.expect_response(lambda r: "/pulse" in r.url):
            pass


def places(seat: Seat) -> list[Any]:
    """Where everything lies that one might be about to click."""
    return seat.page.evaluate(
        """() => [...document.querySelectorAll(
            '.tabs a, #rows tr, #rows th, #rows .tick input, #action, .pager a, h1')].map(e => {
            const r = e.getBoundingClientRect();
            return [e.tagName, ...[r.left, r.top, r.width, r.height].map(x => Math.round(x))] })"""
    )


@pytest.mark.parametrize("width", [1280, 390])
def test_a_new_ticket_is_a_bar_and_nothing_moves(office: Office, seat, width) -> None:
    first = office.ticket()
    ola = seat("ola", viewport={"width": width, "height": 800})
    watch(ola, f"/admin/tickets/?tab=all&{office.query}")
    before = places(ola)
    second = office.ticket("Stilletest to")
    expect(ola.find(BAR)).to_contain_text("1")
    assert places(ola) == before
    office.ticket("Stilletest tre")
    expect(ola.find(BAR)).to_contain_text("2")
    assert ola.listed() == [first]
    expect(ola.find(".pulse")).to_have_attribute("aria-live", "polite")
    ola.press(ola.find(f"{BAR} a"))
    assert second in ola.listed()
    assert len(ola.listed()) == 3
    expect(ola.find(BAR)).to_have_count(0)


def test_an_empty_list_tells_what_comes(office: Office, seat) -> None:
    ola = seat("ola")
    watch(ola, f"/admin/tickets/?tab=all&{office.query}")
    expect(ola.find(".empty")).to_be_visible()
    office.ticket()
    expect(ola.find(BAR)).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_a_row_changes_in_its_place(office: Office, seat, width) -> None:
    numbers = [office.ticket(f"Stilletest {n}") for n in range(5)]
    ola = seat("ola", viewport={"width": width, "height": 800})
    watch(ola, f"/admin/tickets/?tab=all&{office.query}")
    before = places(ola)
    for n, number in enumerate(numbers[1:4]):
        office.act(tickets.take, number)
        title = "Et meget langt navn på en sak som ikke får plass i bredden " * (n + 1)
        office.act(tickets.retitle, number, title=title)
        if n:
            office.act(tickets.set_status, number, to=Status.CLOSED)
    for number in numbers[1:4]:
        expect(ola.row(number)).to_have_attribute("data-version", re.compile("[345]"))
        expect(ola.row(number)).to_contain_text("Nina Vakt")
    asked_again(ola)
    assert places(ola) == before
    # The version that the form says one has seen is that of what one sees.
    row = ola.row(numbers[3])
    version = row.locator(f"input[name=version-{numbers[3]}]").get_attribute("value")
    assert version == row.get_attribute("data-version")


def test_what_one_is_at_stays_as_it_is(office: Office, seat) -> None:
    names = ("ticked", "hovered", "focused", "free")
    by = {name: office.ticket(f"Stilletest {name}") for name in names}
    ola = seat("ola")
    watch(ola, f"/admin/tickets/?tab=all&{office.query}")
    ola.row(by["ticked"]).locator("[name=rowid]").check()
    ola.row(by["focused"]).locator(".title a").focus()
    ola.row(by["hovered"]).hover()
    for number in by.values():
        office.act(tickets.take, number)
    expect(ola.row(by["free"])).to_contain_text("Nina Vakt")
    asked_again(ola)
    for name in names[:3]:
        expect(ola.row(by[name])).not_to_contain_text("Nina Vakt")
        expect(ola.row(by[name]).locator(f"[name=version-{by[name]}]")).to_have_value("1")
    # Left alone, they catch up, though nothing has changed since.
    ola.row(by["ticked"]).locator("[name=rowid]").uncheck()
    ola.page.evaluate("document.activeElement.blur()")
    ola.page.mouse.move(2, 2)
    for number in by.values():
        expect(ola.row(number)).to_contain_text("Nina Vakt")
        expect(ola.row(number).locator(f"[name=version-{number}]")).to_have_value("2")


def test_what_left_the_view_is_dimmed_and_stays(office: Office, seat) -> None:
    stays, goes = office.ticket("Stilletest blir"), office.ticket("Stilletest går")
    ola = seat("ola")
    watch(ola, f"/admin/tickets/?tab=unassigned&{office.query}")
    before = places(ola)
    office.act(tickets.take, goes)
    expect(ola.row(goes)).to_have_class(re.compile("faded"))
    expect(ola.row(goes).locator(".verbs button")).to_have_count(0)
    expect(ola.row(goes).locator(".verbs")).not_to_be_empty()
    assert ola.listed() == [goes, stays]
    assert places(ola) == before
    office.act(tickets.release, goes)
    expect(ola.row(goes)).not_to_have_class(re.compile("faded"))
    expect(ola.row(goes).locator("button[formaction$='/take']")).to_be_visible()


def test_the_tabs_count_on(house: House, seat) -> None:
    worker = house.person("Teller Stille", "drift")
    number = house.ticket(title="Telles stille")
    somebody = seat(worker)
    watch(somebody, "/admin/tickets/?tab=mine")
    before = places(somebody)
    expect(somebody.find("[data-count=mine]")).to_have_text("0")
    house.act(worker, lambda s, me: tickets.take(s, me, s.get_one(Ticket, number)))
    expect(somebody.find("[data-count=mine]")).to_have_text("1")
    expect(somebody.find(BAR)).to_be_visible()  # handed on, it is new in this view
    assert places(somebody) == before


def test_it_asks_with_a_tag_and_mostly_hears_nothing(office: Office, seat) -> None:
    office.ticket()
    ola = seat("ola")
    heard: list[int] = []
    ola.page.on("response", lambda r: heard.append(r.status) if "/pulse" in r.url else None)
    watch(ola, f"/admin/tickets/?tab=all&{office.query}")
    asked_again(ola, 3)
    assert 304 in heard
    office.ticket()
    expect(ola.find(BAR)).to_be_visible()
    assert 200 in heard


def test_it_does_not_ask_while_one_types(office: Office, seat) -> None:
    office.ticket()
    ola = seat("ola")
    watch(ola, f"/admin/tickets/?tab=all&{office.query}")
    asked_again(ola)
    ola.find("#search").press_sequentially("skr")
    asked: list[str] = []
    ola.page.on("request", lambda r: asked.append(r.url) if "/pulse" in r.url else None)
    ola.page.wait_for_timeout(1500)
    assert not asked


def test_it_is_silent_when_the_server_is_away_and_then_goes_on(office: Office, seat) -> None:
    number = office.ticket()
    ola = seat("ola")
    watch(ola, f"/admin/tickets/?tab=all&{office.query}")
    tried: list[str] = []

    def fail(route) -> None:
        tried.append(route.request.url)
        route.fulfill(status=503, body="")

    ola.expected.add(503)
    ola.page.route("**/pulse*", fail)
    ola.page.wait_for_timeout(2500)
    assert 2 <= len(tried) <= 5, "it waits longer each time"
    expect(ola.find(BAR)).to_have_count(0)
    ola.page.unroute("**/pulse*")
    office.act(tickets.take, number)
    ola.page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(ola.row(number)).to_contain_text("Nina Vakt")


def test_logged_out_it_says_so_and_asks_no_more(house: House, seat, office: Office) -> None:
    office.ticket()
    worker = seat(house.person("Logger Ut", "drift"))
    watch(worker, f"/admin/tickets/?tab=all&{office.query}")
    other = worker.context.new_page()
    other.goto(f"{house.address}/admin/")
    other.locator("details.menu > summary").click()
    with other.expect_navigation():
        other.locator("form[action$='/logout'] button").click()
    other.close()
    # A page behind another may sleep, and does not always wake by itself when that is closed.
    worker.page.bring_to_front()
    hurry(worker)
    link = worker.find(f"{BAR} a[href^='/login']")
    expect(link).to_be_visible()
    asked: list[str] = []
    worker.page.on("request", lambda r: asked.append(r.url) if "/pulse" in r.url else None)
    worker.page.wait_for_timeout(1000)
    assert not asked
    worker.press(link)
    assert worker.path == "/login"


def test_a_form_that_is_on_its_way_is_left_alone(office: Office, seat) -> None:
    number = office.ticket()
    ola = seat("ola")
    watch(ola, f"/admin/tickets/?tab=all&{office.query}")
    ola.page.evaluate("document.getElementById('rows').dataset.sent = '1'")
    office.act(tickets.take, number)
    asked_again(ola, 3)
    expect(ola.row(number)).not_to_contain_text("Nina Vakt")


def test_the_answer_holds_the_rows_asked_for_and_no_other(office: Office, seat) -> None:
    mine, _other = office.ticket(), office.ticket()
    ola = seat("ola")
    ola.go("/admin/tickets/")
    answer = ola.page.request.get(f"{office.house.address}/admin/tickets/pulse?tab=all&ids={mine}")
    rows = json.loads(answer.text())["rows"]
    assert re.findall(r'data-id="(\d+)"', rows) == [str(mine)]
