"""With less than a whole browser: without JavaScript, without a mouse, in another language."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import House, Seat
from tests.browser.test_day import register, send_ticket
from tests.conftest import PASSWORD

BADGE = ".badge-status"
BODY_COLOUR = "getComputedStyle(document.body).backgroundColor"


def test_the_main_path_needs_no_javascript(house: House, seat) -> None:
    kari = seat(java_script_enabled=False)
    kari.log_in(register(kari, "Uten Skript", "bruker"))
    ticket = send_ticket(kari, "Skriptfritest: ingenting skjer", "Første linje\nandre linje")
    assert kari.find(".written").inner_text() == "Første linje\nandre linje"
    more = [send_ticket(kari, f"Skriptfritest nummer {n}", "Enda en") for n in (2, 3)]

    ola = seat("ola", java_script_enabled=False)
    ola.go("/admin/tickets/")
    ola.press(ola.row(ticket).locator("button[formaction$='/take']"))
    ola.go("/admin/tickets/?tab=mine")
    ola.press(ola.row(ticket).locator("button[value='under arbeid']"))
    expect(ola.row(ticket).locator(BADGE)).to_have_text("under arbeid")
    ola.press(ola.row(ticket).locator(".title a"))
    ola.press(".status-buttons button[value=lukket]")
    expect(ola.find(f".facts dl {BADGE}")).to_have_text("lukket")

    ola.go("/admin/tickets/?tab=all&search=skriptfritest")
    ola.press("form[role=search] [name=filters]")
    ola.find(".filter-grid select").first.select_option("åpen")
    ola.press("form[role=search] > .btn-main")
    expect(ola.find("tbody tr")).to_have_count(2)
    for number in more:
        ola.row(number).locator("[name=rowid]").check()
    ola.find("[name=action]").select_option("close")
    ola.press(".bulk button")
    expect(ola.find("h1")).to_contain_text("2")
    ola.press("main form button")
    expect(ola.find(".results tr.done")).to_have_count(2)
    ola.go("/admin/tickets/?tab=closed_today&search=skriptfritest")
    expect(ola.find("tbody tr")).to_have_count(3)

    kari.go(f"/tickets/{ticket}")
    expect(kari.find(f".state {BADGE}")).to_have_text("lukket")
    kari.log_out()
    assert kari.path == "/login"


def tab_to(seat: Seat, selector: str, most: int = 40) -> None:
    """Press Tab until that has the focus; each stop on the way must be seen."""
    for _ in range(most):
        seat.page.keyboard.press("Tab")
        here = seat.find(":focus")
        if not here.count():
            continue
        assert here.evaluate(
            "e => { const s = getComputedStyle(e), b = e.getBoundingClientRect();"
            " return b.width > 0 && (s.outlineStyle !== 'none' || s.boxShadow !== 'none') }"
        ), f"no sign of the focus on {here.evaluate('e => e.outerHTML.slice(0, 120)')}"
        if here.evaluate("(e, selector) => e.matches(selector)", selector):
            return
    raise AssertionError(f"Tab does not reach {selector}")


def test_a_ticket_can_be_made_with_the_keyboard_alone(house: House, seat) -> None:
    name = house.person("Bare Tastatur", "bruker")
    somebody = seat()
    somebody.go("/login")
    keys = somebody.page.keyboard
    expect(somebody.find("[name=email]")).to_be_focused()
    keys.type(name)
    tab_to(somebody, "[name=password]")
    keys.type(PASSWORD)
    with somebody.page.expect_navigation():
        keys.press("Enter")
    assert somebody.path == "/tickets/"

    # The first Tab offers to leap over the menu.
    tab_to(somebody, ".skip", most=1)
    keys.press("Enter")
    tab_to(somebody, "main a[href='/tickets/new']", most=2)
    with somebody.page.expect_navigation():
        keys.press("Enter")
    tab_to(somebody, "[name=title]")
    keys.type("Skrevet uten mus")
    tab_to(somebody, "[name=description]")
    keys.type("Linje 1")
    keys.press("Enter")
    keys.type("Linje 2")
    tab_to(somebody, "main form button")
    with somebody.page.expect_navigation():
        keys.press("Enter")
    assert re.fullmatch(r"/tickets/\d+", somebody.path)
    assert somebody.find(".written").inner_text() == "Linje 1\nLinje 2"

    # The menu opens with Enter and closes with Escape, and the way out is in it.
    tab_to(somebody, "details.menu > summary")
    keys.press("Enter")
    expect(somebody.find(".menu-body")).to_be_visible()
    keys.press("Escape")
    expect(somebody.find(".menu-body")).not_to_be_visible()
    keys.press("Enter")
    tab_to(somebody, "form[action$='/logout'] button")
    with somebody.page.expect_navigation():
        keys.press("Enter")
    assert somebody.path == "/login"


def test_a_worker_takes_and_moves_with_the_keyboard_alone(house: House, seat) -> None:
    ticket = house.ticket(title="Tastaturtest for drift")
    ola = seat("ola")
    ola.go("/admin/tickets/?search=tastaturtest")
    keys = ola.page.keyboard
    tab_to(ola, f"[name=rowid][value='{ticket}']")
    keys.press("Space")
    expect(ola.row(ticket).locator("[name=rowid]")).to_be_checked()
    tab_to(ola, "button[formaction$='/take']")
    with ola.page.expect_navigation():
        keys.press("Enter")
    expect(ola.row(ticket)).to_contain_text("Ola Drift")


def test_enter_in_a_row_never_runs_another_rows_button(house: House, seat) -> None:
    """Enter on a tick sends the form by its first button: that must be the harmless one."""
    ticket = house.ticket(title="Entertest")
    ola = seat("ola")
    ola.go("/admin/tickets/?search=entertest")
    ola.row(ticket).locator("[name=rowid]").check()
    with ola.page.expect_navigation():
        ola.row(ticket).locator("[name=rowid]").press("Enter")
    expect(ola.find("h1")).to_contain_text("1")
    expect(ola.find("main form [name=action]")).to_have_count(1)


@pytest.mark.parametrize("javascript", [True, False])
def test_the_colours_are_remembered(seat, javascript) -> None:
    somebody = seat(java_script_enabled=javascript, color_scheme="light")
    somebody.go("/login")
    light = somebody.page.evaluate(BODY_COLOUR)
    for theme, differs in (("dark", True), ("light", False), ("auto", False)):
        somebody.menu()
        somebody.press(f"[name=theme][value={theme}]")
        assert somebody.path == "/login"
        for _ in range(2):
            expect(somebody.find("html")).to_have_attribute("data-theme", theme)
            assert (somebody.page.evaluate(BODY_COLOUR) != light) is differs
            expect(somebody.find(f"[name=theme][value={theme}]")).to_have_attribute(
                "aria-pressed", "true"
            )
            somebody.page.reload()
        somebody.page = somebody.context.new_page()
        somebody.go("/register")
        expect(somebody.find("html")).to_have_attribute("data-theme", theme)
        somebody.go("/login")
    # Left to itself it follows the system.
    somebody.page.emulate_media(color_scheme="dark")
    assert somebody.page.evaluate(BODY_COLOUR) != light


@pytest.mark.parametrize("javascript", [True, False])
def test_the_language_is_remembered(house: House, seat, javascript) -> None:
    kari = seat(house.person("To Språk", "bruker"), java_script_enabled=javascript)
    kari.go("/tickets/?page=1")
    expect(kari.find("html")).to_have_attribute("lang", "nb")
    kari.menu()
    kari.press("[name=language][value=en]")
    assert kari.page.url.endswith("/tickets/?page=1"), "on the same page as before"
    kari.page.reload()
    kari.go("/tickets/")
    expect(kari.find("html")).to_have_attribute("lang", "en")
    expect(kari.find("h1")).to_have_text("My tickets")
    kari.page = kari.context.new_page()
    kari.go("/tickets/new")
    expect(kari.find("h1")).to_have_text("New ticket")
    kari.log_out()
    expect(kari.find("h1")).to_have_text("Log in")
    kari.menu()
    kari.press("[name=language][value=nb]")
    expect(kari.find("h1")).to_have_text("Logg inn")


def test_the_switches_keep_the_search_of_the_list(house: House, seat) -> None:
    ticket = house.ticket(title="Brytertest å&b")
    ola = seat("ola")
    ola.go("/admin/tickets/?tab=all&search=brytertest+%C3%A5%26b&flt0_0=%C3%A5pen")
    expect(ola.row(ticket)).to_be_visible()
    ola.menu()
    ola.press("[name=theme][value=dark]")
    expect(ola.find("#search")).to_have_value("brytertest å&b")
    expect(ola.row(ticket)).to_be_visible()
    expect(ola.find("tbody tr")).to_have_count(1)
