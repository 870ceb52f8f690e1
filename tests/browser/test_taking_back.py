"""Taking back a reply with one's own eyes on the page, with a script and without."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import House

REPLY, SEND, UNDO = "#reply-body", "#reply .buttons .btn-main", ".message .undo button"


@pytest.mark.parametrize("javascript", [True, False])
def test_the_words_come_back_into_the_form_with_what_was_begun(
    house: House, seat, javascript
) -> None:
    ticket = house.ticket(title="Angret")
    ola = seat("ola", java_script_enabled=javascript)
    ola.go(f"/admin/tickets/{ticket}")
    ola.find(REPLY).fill("Kom **fredag**")
    ola.press(SEND)
    expect(ola.find(".message .said")).to_have_text("Kom fredag")
    ola.find(REPLY).fill("En ting til")
    ola.press(UNDO)
    expect(ola.find(REPLY)).to_have_value("Kom **fredag**\n\nEn ting til")
    expect(ola.find(REPLY)).to_be_focused()
    expect(ola.find(".message")).to_have_count(0)
    expect(ola.find(".happened.taken_back")).to_have_count(1)

    # Sent after all, changed a little, it is there once.
    ola.find(REPLY).fill("Kom **torsdag**")
    ola.press(SEND)
    expect(ola.find(".message .said")).to_have_text("Kom torsdag")
    expect(ola.find(REPLY)).to_have_value("")
    kari = seat("kari")
    kari.go(f"/tickets/{ticket}")
    expect(kari.find(".message .said")).to_have_text("Kom torsdag")
    expect(kari.find(".undo")).to_have_count(0)
    assert "fredag" not in kari.page.content()


def test_the_seconds_go_down_and_the_button_goes_away(house: House, seat) -> None:
    ticket = house.ticket(title="Nedtelling")
    ola = seat("ola")
    house.say("ola", ticket, "Kom fredag")
    ola.go(f"/admin/tickets/{ticket}")
    left = ola.find(".undo [data-left]")
    first = int(left.inner_text())
    assert 8 <= first <= 15
    expect(left).to_have_text(str(first - 2))
    ola.find(UNDO).focus()
    expect(ola.find(".undo")).to_have_count(0, timeout=20_000)
    expect(ola.find(".message .permalink")).to_be_focused()


def test_whoever_presses_too_late_is_told_and_loses_nothing(house: House, seat) -> None:
    ticket = house.ticket(title="For sent")
    ola = seat("ola", java_script_enabled=False)
    house.say("ola", ticket, "Kom fredag")
    ola.go(f"/admin/tickets/{ticket}")
    ola.find(REPLY).fill("En ting til")
    ola.page.wait_for_timeout(15_500)
    ola.press(UNDO, status=409)
    expect(ola.find(REPLY)).to_have_value("En ting til")
    expect(ola.find(".message .said")).to_have_text("Kom fredag")
    expect(ola.find(".undo")).to_have_count(0)
