"""A call is written down from anywhere: by the keyboard, on a phone, without a script."""

import re
import time

import pytest
from playwright.sync_api import Route, expect

from console import clock
from console.models import Channel, Organisation, Status, Ticket, User
from tests.browser.conftest import House, Seat
from tests.browser.test_plain import tab_to

WHO, SAID, SAYS = "[name=requester]", "[name=description]", ".capture-who"
PEOPLE = "#capture-people li"
# As fast as somebody types who does so all day: 30 ms a key is two thousand a minute.
KEY = 30


@pytest.fixture
def worker(house: House) -> str:
    """A worker of the test's own: there is one draft a worker."""
    return house.person("Tar Telefonen", "drift")


@pytest.fixture
def kari(house: House) -> str:
    """A requester with a name of her own, of Lillevik."""
    return of_lillevik(house, "Karianne Moberg")


def of_lillevik(house: House, name: str) -> str:
    """A new requester of Lillevik kommune; answers the username."""
    name = house.person(name, "bruker")

    def place(session, admin) -> None:
        town = session.query(Organisation).filter_by(name="Lillevik kommune").first()
        town = town or Organisation(name="Lillevik kommune", created_at=clock.now())
        session.add(town)
        session.get_one(User, house.numbers[name]).organisation = town

    house.act("anne", place)
    return name


def tickets_of(house: House, name: str) -> list[Ticket]:
    """What somebody has asked for, oldest first."""

    def read(session, admin) -> list[Ticket]:
        found = session.query(Ticket).join(User, Ticket.requester_id == User.id)
        found = found.filter(User.username == name).order_by(Ticket.id).all()
        session.expunge_all()
        return found

    return house.act("anne", read)


def lay_over(seat: Seat) -> None:
    """Open the form by its key and wait for it."""
    seat.page.keyboard.press("Control+k")
    expect(seat.find(f"dialog {WHO}")).to_be_focused()


def test_a_call_is_written_down_by_the_keyboard_alone_in_ten_seconds(house, seat, worker) -> None:
    torvald = house.person("Torvald Ekestrand", "bruker")
    ola = seat(worker)
    ola.go("/admin/tickets/?tab=all")
    keys = ola.page.keyboard
    begun = time.monotonic()
    keys.press("Control+k")
    keys.type("ekest", delay=KEY)
    keys.press("Enter")
    keys.type("Skriveren i tredje etasje er tom igjen, ring 14:30", delay=KEY)
    with ola.page.expect_navigation():
        keys.press("Enter")
    taken = time.monotonic() - begun
    assert taken < 10, f"{taken:.1f} s"
    assert "tab=all" in ola.page.url
    (ticket,) = tickets_of(house, torvald)
    assert ticket.title == "Skriveren i tredje etasje er tom igjen, ring 14:30"
    assert (ticket.channel, ticket.status, ticket.assignee_id) == (
        Channel.PHONE, Status.OPEN, None,
    )  # fmt: skip
    expect(ola.find(".notice.success a")).to_have_attribute("href", f"/admin/tickets/{ticket.id}")
    expect(ola.find(".notice.success")).to_contain_text(torvald)
    lay_over(ola)
    expect(ola.find(f"dialog {SAID}")).to_have_value("")


def test_whoever_is_new_is_made_from_what_was_typed(house, seat, worker) -> None:
    ola = seat(worker)
    ola.go("/admin/")
    lay_over(ola)
    keys = ola.page.keyboard
    keys.type("Berit Nydal 911 22 333")
    expect(ola.find(PEOPLE)).to_have_count(1)
    keys.press("Tab")
    expect(ola.find(SAYS)).to_contain_text("Berit Nydal, 911 22 333")
    ola.find("dialog [name=handler][value=mine]").check()
    ola.find(f"dialog {SAID}").fill("Får ikke logget inn")
    with ola.page.expect_navigation():
        ola.find(f"dialog {SAID}").press("Enter")
    (ticket,) = tickets_of(house, "Berit Nydal")
    assert ticket.assignee_id == house.numbers[worker]
    lay_over(ola)
    keys.type("91122333")
    expect(ola.find(f"{PEOPLE} bdi").first).to_have_text("Berit Nydal")


def test_the_list_is_moved_through_by_keys_and_closes_before_the_form(house, seat, worker) -> None:
    # No other test has these: the list shows eight at the most.
    of_lillevik(house, "Torunn Moberg")
    other = house.person("Torunn Moen", "bruker")
    ola = seat(worker)
    ola.go("/admin/")
    ola.find("[data-capture]").focus()
    lay_over(ola)
    keys, box = ola.page.keyboard, ola.find(f"dialog {WHO}")
    with ola.page.expect_response(lambda answer: answer.url.endswith("?q=Torunn%20M")):
        keys.type("Torunn M")
    chosen = ola.find(f"{PEOPLE}[aria-selected=true]")
    expect(chosen).to_have_count(1)
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(ola.find(f"{PEOPLE} .muted", has_text="Lillevik kommune").first).to_be_visible()
    for _ in range(8):  # as many as the list has, at the most
        if other not in chosen.inner_text():
            keys.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    keys.press("Escape")
    expect(ola.find("#capture-people")).to_be_hidden()
    expect(ola.find("dialog")).to_be_visible()
    # What may be several is not guessed at.
    keys.press("Tab")
    expect(ola.find(SAYS)).not_to_have_text("")
    ola.find(f"dialog {SAID}").fill("Noe")
    ola.find(f"dialog {SAID}").press("Enter")
    expect(box).to_be_focused()
    expect(ola.find("#capture-people")).to_be_visible()
    ola.find(PEOPLE, has_text=other).click()
    expect(box).to_have_value(other)
    expect(ola.find(f"dialog {SAID}")).to_be_focused()
    keys.press("Escape")
    expect(ola.find("dialog")).to_be_hidden()
    expect(ola.find("[data-capture]")).to_be_focused()


def test_what_is_open_already_is_shown_and_the_likeliest_first(house, seat, worker, kari) -> None:
    alike = house.ticket(kari, "Skriveren er tom")
    for number in range(6):
        house.ticket(kari, f"Noe helt annet {number}")
    ola = seat(worker)
    ola.go("/admin/")
    lay_over(ola)
    ola.page.keyboard.type(kari)
    ola.page.keyboard.press("Enter")
    rows = ola.find(".capture-similar li")
    expect(rows).to_have_count(5)
    expect(ola.find(".capture-similar .alike")).to_have_count(0)
    ola.page.keyboard.type("ringer om skriver i gangen")
    expect(ola.find(".capture-similar li").first).to_have_class("alike")
    ola.press(rows.first.locator("a"))
    assert ola.path == f"/admin/tickets/{alike}"
    # The text is not lost with it.
    lay_over(ola)
    expect(ola.find(f"dialog {SAID}")).to_have_value("ringer om skriver i gangen")
    expect(ola.find(f"dialog {WHO}")).to_have_value(kari)
    expect(ola.find(SAYS)).to_contain_text("Lillevik kommune")


def test_what_is_on_its_way_when_the_page_is_left_is_sent_once_more(house, seat, worker) -> None:
    ola, held = seat(worker), []
    ola.go("/admin/")
    lay_over(ola)
    ola.find(f"dialog {SAID}").focus()

    def hold_the_first(route):
        if held:
            route.continue_()
        held.append(route)

    ola.page.route("**/drafts/capture", hold_the_first)
    with ola.page.expect_request("**/drafts/capture"):
        ola.page.keyboard.type("Skjermen er svart")
    ola.go("/admin/tickets/")
    ola.page.unroute("**/drafts/capture")
    lay_over(ola)
    expect(ola.find(f"dialog {SAID}")).to_have_value("Skjermen er svart")


def test_what_is_typed_outlives_the_page_and_a_log_out(house, seat, worker, kari) -> None:
    somebody = seat(worker)
    somebody.go("/admin/")
    lay_over(somebody)
    somebody.page.keyboard.type(kari)
    somebody.page.keyboard.press("Enter")
    somebody.page.keyboard.type("Halvveis i")
    with somebody.page.expect_response("**/drafts/capture"):
        somebody.find("#capture-heading").click()  # what is left is saved at once
    expect(somebody.find("dialog [data-draft-state]")).to_contain_text("lagret")
    somebody.page.reload()
    lay_over(somebody)
    expect(somebody.find(f"dialog {SAID}")).to_have_value("Halvveis i")
    somebody.page.keyboard.press("Escape")
    somebody.log_out()
    somebody.log_in(worker)
    somebody.go("/admin/tickets/")
    lay_over(somebody)
    expect(somebody.find(SAYS)).to_contain_text(kari)
    somebody.find(f"dialog {SAID}").press("End")
    somebody.page.keyboard.type(" en setning")
    with somebody.page.expect_navigation():
        somebody.page.keyboard.press("Enter")
    assert [ticket.title for ticket in tickets_of(house, kari)] == ["Halvveis i en setning"]


def test_what_is_typed_before_the_form_has_come_is_in_it(house, seat, worker, kari) -> None:
    ola = seat(worker)
    ola.go("/admin/")
    ola.page.route("**/tickets/new/**", lambda route: (time.sleep(0.8), route.continue_()))
    ola.page.keyboard.press("Control+k")
    ola.page.keyboard.type(kari)
    ola.page.keyboard.press("Enter")
    ola.page.keyboard.type("Fort og g")
    expect(ola.find(f"dialog {SAID}")).to_be_focused()
    ola.page.keyboard.type("alt")
    expect(ola.find(f"dialog {SAID}")).to_have_value("Fort og galt")
    expect(ola.find(f"dialog {WHO}")).to_have_value(kari)
    expect(ola.find(SAYS)).to_contain_text("Lillevik kommune")


def test_what_is_typed_early_never_sends_a_draft_of_another_call(house, seat, worker, kari) -> None:
    ola = seat(worker)
    ola.go("/admin/")
    lay_over(ola)
    keys = ola.page.keyboard
    keys.type(kari)
    keys.press("Enter")
    keys.type("Karis sak")
    with ola.page.expect_response("**/drafts/capture"):
        ola.find("#capture-heading").click()
    ola.page.reload()
    held: list[Route] = []
    ola.page.route("**/tickets/new/**", lambda route: held.append(route))
    keys.press("Control+k")
    for text in ("Berit Nydal", "Noe annet"):
        keys.type(text)
        keys.press("Enter")
    held[0].continue_()
    expect(ola.find(f"dialog {SAID}")).to_have_value("Karis sak\nBerit Nydal\nNoe annet")
    expect(ola.find(f"dialog {WHO}")).to_have_value(kari)
    expect(ola.find("dialog form > [role=alert]")).to_be_visible()
    keys.press("Enter")
    expect(ola.find(f"dialog {SAID}")).to_have_value("Karis sak\nBerit Nydal\nNoe annet\n")
    assert tickets_of(house, kari) == []


def test_a_form_that_does_not_come_loses_nothing(house, seat, worker, kari) -> None:
    ola = seat(worker)
    ola.expected.add(503)
    ola.go("/admin/")
    ola.page.route("**/tickets/new/**", lambda route: (time.sleep(0.5), route.fulfill(status=503)))
    keys = ola.page.keyboard
    keys.press("Control+k")
    keys.type(kari)
    keys.press("Enter")
    keys.type("Viktig")
    expect(ola.find("dialog [role=alert] a")).to_have_attribute("target", "_blank")
    expect(ola.find("dialog textarea")).to_have_value("Viktig")
    ola.page.unroute("**/tickets/new/**")
    keys.press("Control+k")
    expect(ola.find(f"dialog {SAID}")).to_have_value("Viktig")
    expect(ola.find(SAYS)).to_contain_text("Lillevik kommune")


def test_a_button_that_is_pressed_stays_where_it_is(house, seat, worker, kari) -> None:
    house.ticket(kari, "Skriveren er tom")
    ola = seat(worker)
    ola.go("/admin/tickets/?tab=all")
    lay_over(ola)
    ola.find(f"dialog {SAID}").fill("Skjermen er svart")
    ola.find(f"dialog {WHO}").focus()
    ola.page.keyboard.type(kari)
    expect(ola.find(PEOPLE).first).to_be_visible()
    at = ola.find("dialog .btn-main").bounding_box()
    ola.page.mouse.move(at["x"] + 5, at["y"] + at["height"] / 2)
    with ola.page.expect_response("**/tickets?q=*"):  # who it is shows by leaving the field
        ola.page.mouse.down()
    ola.page.wait_for_timeout(500)
    with ola.page.expect_navigation():
        ola.page.mouse.up()
    assert [ticket.title for ticket in tickets_of(house, kari)][1:] == ["Skjermen er svart"]


def test_enter_before_the_answer_waits_for_it(house, seat, worker, kari) -> None:
    ola = seat(worker)
    ola.go("/admin/")
    lay_over(ola)
    ola.page.route("**/admin/people/**", lambda route: (time.sleep(0.8), route.continue_()))
    ola.page.keyboard.type(kari)
    ola.page.keyboard.press("Enter")
    expect(ola.find(SAYS)).to_contain_text(kari)
    expect(ola.find(f"dialog {SAID}")).to_be_focused()


def test_on_a_phone_enter_is_a_new_line_and_the_button_saves(house, seat, worker, kari) -> None:
    ola = seat(worker, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    ola.go("/admin/tickets/")
    button = ola.find("[data-capture]")
    box = button.bounding_box()
    assert box
    assert box["height"] >= 44
    assert box["y"] > 700, "under the thumb"
    button.tap()
    ola.find(f"dialog {WHO}").fill(kari)
    ola.find(PEOPLE).first.tap()
    expect(ola.find(f"dialog {SAID}")).to_be_focused()
    expect(ola.find("dialog .with-keys")).to_be_hidden()
    for text, key in (("Linje en", "Enter"), ("linje to", "")):
        ola.page.keyboard.type(text)
        if key:
            ola.page.keyboard.press(key)
    with ola.page.expect_navigation():
        ola.find("dialog .btn-main").tap()
    (ticket,) = tickets_of(house, kari)
    assert ticket.description == "Linje en\nlinje to"


def test_it_needs_no_javascript(house, seat, worker) -> None:
    # A name no other test has: the choices are the first eight who are called so.
    ragnhild = house.person("Ragnhild Tveito", "bruker")
    ola = seat(worker, java_script_enabled=False)
    ola.go("/admin/tickets/?tab=all")
    ola.press("header [data-capture]")
    ola.fill(requester="Ragnhild Tve", description="Ringte\nom noe")
    ola.press("main form.capture .btn-main", status=422)
    expect(ola.find(f"main {SAID}")).to_have_value("Ringte\nom noe")
    ola.find("[data-choices] label", has_text=ragnhild).locator("input").check()
    ola.press("main form.capture .btn-main")
    assert ola.page.url.endswith("/admin/tickets/?tab=all")
    ola.press(".notice.success a")
    assert re.fullmatch(r"/admin/tickets/\d+", ola.path)
    assert ola.find(".written").inner_text() == "Ringte\nom noe"


def test_the_key_goes_to_the_form_on_its_own_page(seat, worker) -> None:
    ola = seat(worker)
    ola.go("/admin/tickets/new/")
    ola.find("h1").click()
    ola.page.keyboard.press("Control+k")
    expect(ola.find(f"main {WHO}")).to_be_focused()
    expect(ola.find("dialog")).to_have_count(0)
    tab_to(ola, SAID, most=2)


def test_requesters_have_neither_the_button_nor_the_key(seat) -> None:
    kari = seat("kari")
    kari.go("/tickets/")
    kari.page.keyboard.press("Control+k")
    expect(kari.find("dialog, [data-capture]")).to_have_count(0)
