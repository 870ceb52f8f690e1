"""Canned replies in a real browser: by key, by mouse, and without the script."""

import pytest
from playwright.sync_api import expect

from console.models import CannedReply
from console.tickets import canned
from tests.browser.conftest import House, Seat
from tests.browser.test_conversation import NOTE, REPLY
from tests.browser.test_drafts import expect_saved

BUTTON, PANEL = "#reply button[data-canned]", "[role=dialog]"
SEARCH, CHOICES = f"{PANEL} input", f"{PANEL} li button:visible"
REPLIES = {
    "Skriver: papirstopp": "Hei {navn}. Luft papiret. Hilsen {behandler}",
    "VPN: koble til på nytt": "Koble fra og til, sak {nummer}.",
}


@pytest.fixture
def replies(house: House):
    """Two canned replies, for this test alone."""

    def make(session, actor):
        return [
            canned.define(session, actor, title=title, body=body) for title, body in REPLIES.items()
        ]

    house.act("ola", lambda session, actor: make(session, actor) and None)
    yield
    house.act("ola", lambda session, actor: session.query(CannedReply).delete())


@pytest.fixture
def ola(house: House, seat, replies) -> Seat:
    """A worker before a new ticket."""
    here = seat("ola")
    here.ticket = house.ticket()
    here.go(f"/admin/tickets/{here.ticket}")
    return here


def test_by_key_a_reply_is_found_and_put_in(ola: Seat) -> None:
    asked: list[str] = []
    ola.page.on("request", lambda request: asked.append(request.url))
    ola.page.keyboard.press("i")
    expect(ola.find(SEARCH)).to_be_focused()
    expect(ola.find(CHOICES)).to_have_count(2)
    ola.page.keyboard.type("papir skriver")
    expect(ola.find(CHOICES)).to_have_count(1)
    ola.page.keyboard.press("Enter")
    expect(ola.find(REPLY)).to_have_value("Hei Kari Moe. Luft papiret. Hilsen Ola Drift")
    expect(ola.find(REPLY)).to_be_focused()
    expect(ola.find(PANEL)).to_have_count(0)
    expect_saved(ola, "#reply")
    assert len([url for url in asked if url.endswith("/canned")]) == 1
    ola.page.keyboard.type("!")
    ola.page.keyboard.press("i")  # in a field it is a letter
    expect(ola.find(REPLY)).to_have_value("Hei Kari Moe. Luft papiret. Hilsen Ola Drift!i")


def test_in_the_text_it_goes_in_where_the_cursor_is_and_can_be_undone(ola: Seat) -> None:
    box = ola.find(REPLY)
    box.fill("Først. Sist.")
    for _ in range(5):
        ola.page.keyboard.press("ArrowLeft")
    ola.page.keyboard.press("Alt+i")
    expect(ola.find(SEARCH)).to_be_focused()
    ola.page.keyboard.press("ArrowDown")
    ola.page.keyboard.press("ArrowDown")
    ola.page.keyboard.press("Enter")
    expect(box).to_have_value(f"Først. Koble fra og til, sak {ola.ticket}.Sist.")
    ola.page.keyboard.press("Control+z")
    expect(box).to_have_value("Først. Sist.")


def test_by_mouse_it_goes_to_the_end_of_a_draft_that_nobody_has_been_in(ola: Seat) -> None:
    ola.find(REPLY).fill("Begynt.")
    expect_saved(ola, "#reply")
    ola.page.reload()
    ola.find(BUTTON).click()
    ola.find(CHOICES).first.click()
    expect(ola.find(REPLY)).to_have_value("Begynt.\n\nHei Kari Moe. Luft papiret. Hilsen Ola Drift")


def test_escape_a_click_elsewhere_and_the_button_close_it(ola: Seat) -> None:
    for shut in (
        lambda: ola.page.keyboard.press("Escape"),
        lambda: ola.find("h1").click(),
        lambda: ola.find(BUTTON).click(),
    ):
        ola.find(BUTTON).click()
        expect(ola.find(SEARCH)).to_be_focused()
        shut()
        expect(ola.find(PANEL)).to_have_count(0)
    expect(ola.find(REPLY)).to_have_value("")
    ola.find(NOTE).press("i")
    expect(ola.find(NOTE)).to_have_value("i")
    expect(ola.find(PANEL)).to_have_count(0)


def test_what_is_searched_for_is_no_part_of_the_reply(ola: Seat) -> None:
    ola.page.keyboard.press("i")
    expect(ola.find(SEARCH)).to_be_focused()
    ola.page.keyboard.type("finnes ikke")
    expect(ola.find(CHOICES)).to_have_count(0)
    expect(ola.find(f"{PANEL} [role=status]")).not_to_be_empty()
    ola.page.keyboard.press("Enter")
    expect(ola.find(PANEL)).to_have_count(1)
    assert ola.path == f"/admin/tickets/{ola.ticket}"


def test_it_works_without_the_script(house: House, seat, replies) -> None:
    ola = seat("ola", java_script_enabled=False)
    ticket = house.ticket()
    ola.go(f"/admin/tickets/{ticket}")
    ola.find(REPLY).fill("Begynt.")
    ola.press(BUTTON)
    ola.press(ola.find("main form button").nth(1))
    expect(ola.find(REPLY)).to_have_value(f"Begynt.\n\nKoble fra og til, sak {ticket}.")


def test_the_menu_of_an_admin_fits_and_leads_there(seat) -> None:
    for width in (1280, 390):
        anne = seat("anne", viewport={"width": width, "height": 800})
        anne.go("/admin/")
        anne.find("details.setup > summary").click()
        box = anne.find("details.setup .menu-body").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert anne.page.evaluate("document.documentElement.scrollWidth") <= width
        anne.page.keyboard.press("Escape")
        expect(anne.find("details.setup .menu-body")).to_be_hidden()
        anne.find("details.setup > summary").click()
        anne.press(".setup a[href='/admin/organisations/']")
        expect(anne.find("details.setup > summary")).to_have_attribute("aria-current", "true")
