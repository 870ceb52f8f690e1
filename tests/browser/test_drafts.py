"""What somebody has typed is not lost, whatever happens to the page, and goes when it is sent."""

import pytest
from playwright.sync_api import Request, expect

from tests.browser.conftest import House, Seat
from tests.browser.test_conversation import NOTE, REPLY, SAVE, SEND
from tests.conftest import PASSWORD

STATE = "[data-draft-state]"
TEXT = "Tre linjer\n\n  med <b>innrykk</b> & «tegn»"


def expect_saved(seat: Seat, form: str = "form[data-draft]") -> None:
    expect(seat.find(f"{form} {STATE}")).to_contain_text("Utkast lagret")


@pytest.mark.parametrize("dies", ["page", "browser"])
def test_what_was_typed_outlives_the_page(house: House, seat, dies) -> None:
    who = house.person("Strømmen Gikk", "bruker")
    ticket = house.ticket(who, "Strømmen gikk")
    first = seat(who)
    first.go(f"/tickets/{ticket}")
    expect(first.find(STATE)).to_have_text("")
    first.find(REPLY).press_sequentially(TEXT)
    expect_saved(first)
    if dies == "page":
        first.page.close(run_before_unload=False)
    else:
        first.context.close()
    second = seat(who)
    second.go(f"/tickets/{ticket}")
    expect(second.find(REPLY)).to_have_value(TEXT)
    expect(second.find(STATE)).to_have_text("Dette er utkastet ditt.")


def test_who_types_without_a_pause_is_saved_too(house: House, seat) -> None:
    who = house.person("Skriver Uten Pause", "bruker")
    ticket = house.ticket(who)
    here = seat(who)
    here.go(f"/tickets/{ticket}")
    with here.page.expect_request("**/drafts/**", timeout=6_000):
        here.page.evaluate(
            """() => { const box = document.querySelector("textarea");
            setInterval(() => { box.value += "x"; box.dispatchEvent(
              new InputEvent("input", { bubbles: true })) }, 300) }"""
        )


def test_a_draft_outlives_a_log_out(house: House, seat) -> None:
    who = house.person("Logger Ut", "bruker")
    ticket = house.ticket(who)
    here = seat(who)
    here.go("/tickets/new")
    here.fill(title="En halv tittel", description=TEXT)
    expect_saved(here)
    here.go(f"/tickets/{ticket}")
    here.find(REPLY).fill("Rett før jeg gikk")
    # He does not wait for it to be saved.
    here.find("details.menu > summary").click(delay=80)
    here.press("form[action$='/logout'] button")
    here.log_in(who)
    here.go(f"/tickets/{ticket}")
    expect(here.find(REPLY)).to_have_value("Rett før jeg gikk")
    here.go("/tickets/new")
    expect(here.find("[name=title]")).to_have_value("En halv tittel")
    expect(here.find("[name=description]")).to_have_value(TEXT)
    here.press("main form .btn-main")
    assert here.find(".written").inner_text() == TEXT
    here.go("/tickets/new")
    expect(here.find("[name=title]")).to_have_value("")
    expect(here.find("[name=description]")).to_have_value("")


def test_an_answer_and_a_note_are_two_drafts(house: House, seat) -> None:
    ticket = house.ticket(title="To utkast")
    ola, nina = seat("ola"), seat("nina")
    ola.go(f"/admin/tickets/{ticket}")
    for box, text in ((REPLY, "Til Kari"), (NOTE, "Om Kari")):
        ola.find(box).fill(text)
        ola.find("h1").click(delay=80)  # what is left is saved at once
    for form in ("#reply", "#note"):
        expect_saved(ola, form)
    nina.go(f"/admin/tickets/{ticket}")
    for box in (REPLY, NOTE):
        expect(nina.find(box)).to_have_value("")
    ola.page.reload()
    expect(ola.find(REPLY)).to_have_value("Til Kari")
    expect(ola.find(NOTE)).to_have_value("Om Kari")
    # The one is sent, the other stays; and what is decided takes neither away.
    ola.press(SAVE)
    expect(ola.find(NOTE)).to_have_value("")
    expect(ola.find(REPLY)).to_have_value("Til Kari")
    ola.find(REPLY).fill("Til Kari, straks")
    with ola.page.expect_navigation():
        ola.find("form[action$='/take'] button").click(delay=80)
    expect(ola.find(REPLY)).to_have_value("Til Kari, straks")


@pytest.mark.parametrize("saved_before", [True, False])
def test_a_draft_is_gone_when_it_is_sent(house: House, seat, saved_before) -> None:
    """Also when its last save comes in after the form itself."""
    who = house.person("Sender Fort", "bruker")
    ticket = house.ticket(who)
    here = seat(who)
    here.go(f"/tickets/{ticket}")
    if saved_before:
        here.find(REPLY).fill("Nesten")
        expect_saved(here)
    late: list[Request] = []

    def hold(route) -> None:
        late.append(route.request)

    here.page.route("**/drafts/**", hold)
    with here.page.expect_request("**/drafts/**"):
        here.find(REPLY).fill("Nesten ferdig")
    with here.page.expect_navigation():
        here.find(REPLY).press("Control+Enter")
    here.page.unroute("**/drafts/**")
    answer = here.context.request.post(
        late[0].url, headers=late[0].headers, data=late[0].post_data_buffer
    )
    assert answer.status == 409, "which is not to be mistaken for kept"
    expect(here.find(".message")).to_have_count(1)
    here.page.reload()
    expect(here.find(REPLY)).to_have_value("")
    expect(here.find(STATE)).to_have_text("")


def test_after_sending_the_next_is_a_draft_again(house: House, seat) -> None:
    """And so it is on the page that one goes back to."""
    who = house.person("Skriver Igjen", "bruker")
    ticket = house.ticket(who)
    here = seat(who)
    here.go(f"/tickets/{ticket}")
    here.find(REPLY).fill("Den første")
    here.press(SEND)
    here.page.go_back()
    here.find(REPLY).fill("Den andre")
    expect_saved(here)
    here.page.reload()
    expect(here.find(REPLY)).to_have_value("Den andre")
    here.press(SEND)
    assert here.find(".said").all_inner_texts() == ["Den første", "Den andre"]


def test_a_draft_that_cannot_be_saved_is_told_of(house: House, seat) -> None:
    """He has logged out in another tab, and somebody else has come."""
    who, other = house.person("Logget Ut", "bruker"), house.person("Kom Etterpå", "bruker")
    ticket = house.ticket(who)
    here = seat(who)
    here.go(f"/tickets/{ticket}")
    first, here.page = here.page, here.context.new_page()
    here.go("/tickets/")
    here.log_out()
    here.expected.add(400)  # what the first tab sends
    box = first.locator(REPLY)
    box.fill("Vet ikke at jeg er ute")
    sentence = "Utkastet ble ikke lagret. Teksten din står fortsatt her."
    expect(first.locator(STATE)).to_have_text(sentence)
    here.log_in(other)
    with first.expect_response("**/drafts/**") as told:
        box.fill("Vet det fortsatt ikke")
    assert told.value.status == 400, "not into the other's drafts"
    expect(first.locator(STATE)).to_have_text(sentence)
    expect(box).to_have_value("Vet det fortsatt ikke")
    with first.expect_navigation():
        first.locator(SEND).click()
    assert "Vet det fortsatt ikke" in first.content()


def test_a_draft_is_saved_when_the_server_is_there_again(house: House, seat) -> None:
    who = house.person("Nettet Var Nede", "bruker")
    ticket = house.ticket(who)
    here = seat(who)
    here.go(f"/tickets/{ticket}")
    here.page.route("**/drafts/**", lambda route: route.abort("aborted"))
    here.find(REPLY).fill("I tunnelen")
    expect(here.find(STATE)).to_contain_text("ikke lagret")
    here.page.unroute("**/drafts/**")
    expect_saved(here)


def test_files_belong_to_the_draft(house: House, seat) -> None:
    who = house.person("Vedlegg I Utkast", "bruker")
    ticket = house.ticket(who)
    here = seat(who)
    here.go(f"/tickets/{ticket}")
    here.find("#reply-files").set_input_files(
        [{"name": f"{n}.txt", "mimeType": "text/plain", "buffer": b"hei"} for n in "ab"]
    )
    expect_saved(here)
    expect(here.find("#reply [name=attached]")).to_have_count(2)
    here.find(REPLY).fill("Med to filer")
    here.find("h1").click(delay=80)
    expect_saved(here)
    here.page.reload()
    assert here.find(".chosen bdi").all_inner_texts() == ["a.txt", "b.txt"]
    here.find("#reply [name=attached]").first.uncheck()
    here.press(SEND)
    assert here.find(".message .files bdi").all_inner_texts() == ["b.txt"]


def test_a_password_in_a_draft_is_no_ones_business(house: House, seat) -> None:
    """Colleagues are told that there is a draft, and not what is in it."""
    ticket = house.ticket(title="Utkast med passord")
    ola, nina = seat("ola"), seat("nina")
    ola.go(f"/admin/tickets/{ticket}")
    ola.find(NOTE).fill(f"Passord: {PASSWORD}")
    expect_saved(ola, "#note")
    nina.go(f"/admin/tickets/{ticket}")
    expect(nina.find(".presence .people")).to_contain_text("Ola Drift")
    assert PASSWORD not in nina.page.content()
