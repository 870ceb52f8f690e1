"""Several people on one ticket at once, each before a browser of his own."""

import re

import pytest
from playwright.sync_api import Response, expect

from console import tickets
from console.models import Presence, Status, Ticket
from console.tickets import presence
from tests.browser.conftest import House, Seat
from tests.browser.test_plain import tab_to

BADGE = ".badge-status"
PEOPLE = ".presence .people"
FRESH = ".presence .fresh"
REPLY, NOTE = "#reply-body", "#note-body"
SEND, SAVE = "#reply .btn-main", "#note .btn-note"


def sign(seat: Seat) -> Response:
    """Let the page say now, and not within 8 seconds, that it is open; answers what it heard."""
    with seat.page.expect_response("**/presence") as told:
        seat.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    return told.value


def close(house: House, ticket: int, who: str = "ola") -> None:
    house.act(
        who, lambda s, a: tickets.set_status(s, a, s.get_one(Ticket, ticket), to=Status.CLOSED)
    )


def retitle(house: House, ticket: int, title: str, who: str = "nina") -> None:
    house.act(who, lambda s, a: tickets.retitle(s, a, s.get_one(Ticket, ticket), title=title))


def told(seat: Seat) -> list[str]:
    """The texts of the messages on the page, oldest first."""
    return seat.find(".timeline .said").all_inner_texts()


# --- who is here


def test_who_has_the_ticket_open_is_seen_and_who_closed_it_is_not(house: House, seat) -> None:
    ticket = house.ticket(title="Tre på en gang")
    ola, nina, kari = seat("ola"), seat("nina"), seat("kari")
    ola.go(f"/admin/tickets/{ticket}")
    nina.go(f"/admin/tickets/{ticket}")
    kari.go(f"/tickets/{ticket}")
    people = ola.find(PEOPLE)
    expect(people).to_have_text("Kari Moe ser på saken · Nina Vakt ser på saken", timeout=10_000)
    nina.find(NOTE).press_sequentially("Jeg ringer henne")
    expect(people).to_have_text("Nina Vakt skriver · Kari Moe ser på saken", timeout=10_000)

    # The requester is told nothing of it, neither on the page nor behind it.
    assert sign(kari).json() == {"news": None, "people": []}
    expect(kari.find(".presence *")).to_have_count(0)

    nina.find(NOTE).fill("")
    expect(nina.find("#note [data-draft-state]")).to_contain_text("Utkast lagret")
    nina.page.close()
    kari.page.close()
    expect(people).to_have_count(0, timeout=30_000)


def test_who_vanished_without_a_word_is_gone_too(house: House, seat) -> None:
    ticket = house.ticket(title="Maskinen hennes stoppet")
    ola, nina = seat("ola"), seat("nina")
    nina.go(f"/admin/tickets/{ticket}")
    nina.find(REPLY).fill("Nå skal du høre")
    expect(nina.find("#reply [data-draft-state]")).to_contain_text("Utkast lagret")
    sign(nina)
    nina.page.route("**/presence", lambda route: route.abort("aborted"))
    ola.go(f"/admin/tickets/{ticket}")
    expect(ola.find(PEOPLE)).to_have_text("Nina Vakt skriver")

    def later(session, actor) -> None:
        row = session.get_one(Presence, (ticket, house.numbers["nina"]))
        row.seen_at -= presence.GONE

    house.act("nina", later)
    sign(ola)
    expect(ola.find(PEOPLE)).to_have_text("Nina Vakt har et utkast")


# --- what came meanwhile


def test_the_page_tells_that_something_new_has_come(house: House, seat) -> None:
    ticket = house.ticket(title="Noe nytt")
    ola = seat("ola")
    ola.go(f"/admin/tickets/{ticket}")
    ola.find(REPLY).fill("Et halvt svar")
    assert sign(ola).json()["news"] is None
    house.say("kari", ticket, "Det lukter svidd!")
    expect(ola.find(FRESH)).to_contain_text("nytt på saken", timeout=10_000)
    assert told(ola) == [], "nothing moves under the hands of who writes"
    with ola.page.expect_navigation():
        ola.find(f"{FRESH} a").click(delay=80)
    assert told(ola) == ["Det lukter svidd!"]
    expect(ola.find(REPLY)).to_have_value("Et halvt svar")
    sign(ola)
    expect(ola.find(FRESH)).to_have_count(0)


@pytest.mark.parametrize("kind", ["reply", "note"])
@pytest.mark.parametrize("javascript", [True, False])
def test_what_a_worker_has_not_seen_stops_him_once(house: House, seat, kind, javascript) -> None:
    ticket = house.ticket(title="Samtidig svar")
    house.say("kari", ticket, "Sett av begge")
    ola = seat("ola", java_script_enabled=javascript)
    ola.go(f"/admin/tickets/{ticket}")
    house.say("nina", ticket, "Det er **løst**")
    mine = "Jeg ser på det\n  <b>nå</b>"
    ola.find(f"#{kind}-body").fill(mine)
    ola.press(f"#{kind} .buttons button >> nth=0", status=409)
    assert told(ola) == ["Det er løst"], "only what is new"
    expect(ola.find(".timeline li")).to_have_count(2)  # Nina took it by answering
    expect(ola.find("textarea")).to_have_value(mine)
    button = ola.find(f"#{kind} .buttons button").first
    expect(button).to_have_text("Send likevel" if kind == "reply" else "Lagre likevel")
    ola.press(button)
    assert ola.path == f"/admin/tickets/{ticket}"
    assert len(told(ola)) == 3
    expect(ola.find(f"#{kind}-body")).to_have_value("")
    expect(ola.find(".message").last).to_contain_text("<b>nå</b>")


def test_what_the_requester_has_not_seen_stops_her_once(house: House, seat) -> None:
    ticket = house.ticket(title="Svar i kryss")
    kari = seat("kari")
    kari.go(f"/tickets/{ticket}")
    house.say("ola", ticket, "Prøv igjen. Passord: Sommer2026!")
    house.say("ola", ticket, "Hun er vanskelig", tickets.note)
    kari.fill(body="Det virker ikke ennå")
    kari.press(SEND, status=409)
    assert len(told(kari)) == 1
    expect(kari.find("textarea")).to_have_value("Det virker ikke ennå")
    # What is hidden in the news can be looked at right there, and the text stays.
    kari.find(".secret button").click()
    expect(kari.find(".secret code")).to_have_text("Sommer2026!")
    expect(kari.find("textarea")).to_have_value("Det virker ikke ennå")
    expect(kari.find(SEND)).to_have_text("Send likevel")
    kari.press(SEND)
    assert kari.path == f"/tickets/{ticket}"
    assert told(kari)[-1] == "Det virker ikke ennå"
    assert "vanskelig" not in kari.page.content()


def test_news_that_comes_up_while_a_button_is_pressed_takes_no_click(house: House, seat) -> None:
    ticket = house.ticket(title="Nytt under knappen")
    kari = seat("kari")
    kari.go(f"/tickets/{ticket}")
    kari.fill(body="Det virker ikke ennå")
    kari.find(SEND).scroll_into_view_if_needed()
    at = kari.find(SEND).bounding_box()
    kari.page.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
    kari.page.mouse.down()
    house.say("ola", ticket, "Prøv igjen")
    with kari.page.expect_response("**/presence"):
        kari.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    kari.page.wait_for_timeout(500)
    kari.expected.add(409)
    with kari.page.expect_navigation() as told_so:
        kari.page.mouse.up()
    assert told_so.value.status == 409


def test_who_does_not_send_after_all_keeps_what_he_wrote(house: House, seat) -> None:
    """Sent so quickly that no draft was kept before."""
    ticket = house.ticket(title="Likevel ikke")
    ola = seat("ola")
    ola.go(f"/admin/tickets/{ticket}")
    house.say("nina", ticket, "Løst")
    ola.find(REPLY).fill("Raskt skrevet")
    ola.press(SEND, status=409)
    expect(ola.find("[data-draft-state]")).to_contain_text("Utkast lagret")
    ola.press("#reply .buttons a")
    expect(ola.find(REPLY)).to_have_value("Raskt skrevet")


# --- two who change the same


def test_two_titles_are_shown_side_by_side(house: House, seat) -> None:
    ticket = house.ticket(title="Skriveren er tom")
    ola = seat("ola")
    ola.go(f"/admin/tickets/{ticket}")
    ola.find(".edit-title summary").click()
    ola.fill(title="Skriveren i andre etasje")
    ola.press("form[action$='/title'] button")
    expect(ola.find("h1 bdi")).to_have_text("Skriveren i andre etasje")
    expect(ola.find(".retitled")).to_contain_text("Skriveren er tom")

    retitle(house, ticket, "Toneren er tom")
    ola.find(REPLY).fill("Nesten ferdig")
    expect(ola.find("#reply [data-draft-state]")).to_contain_text("Utkast lagret")
    ola.find(".edit-title summary").click()
    ola.fill(title="Skriver uten toner")
    ola.press("form[action$='/title'] button", status=409)
    clash = ola.find("section[role=alert]")
    expect(clash.locator("h2")).to_contain_text("Nina Vakt")
    assert clash.locator("td bdi").all_inner_texts() == [
        "Skriveren i andre etasje",
        "Toneren er tom",
        "Skriver uten toner",
    ]
    expect(ola.find("h1 bdi")).to_have_text("Toneren er tom")
    expect(ola.find(REPLY)).to_have_value("Nesten ferdig")
    expect(clash.locator("button")).to_have_text("Endre likevel")
    ola.press(clash.locator("button"))
    expect(ola.find("h1 bdi")).to_have_text("Skriver uten toner")


def test_a_title_that_nobody_else_changed_is_changed_at_once(house: House, seat) -> None:
    """Whatever else happened meanwhile."""
    ticket = house.ticket(title="Bare jeg")
    ola = seat("ola")
    ola.go(f"/admin/tickets/{ticket}")
    house.say("nina", ticket, "Noe helt annet")
    ola.find(".edit-title summary").click()
    ola.fill(title="Bare jeg endret den")
    ola.press("form[action$='/title'] button")
    expect(ola.find("h1 bdi")).to_have_text("Bare jeg endret den")


@pytest.mark.parametrize("again", [True, False])
def test_two_handlers_are_shown_side_by_side(house: House, seat, again) -> None:
    ticket = house.ticket(title="Hvem har den?")
    ola = seat("ola")
    ola.go(f"/admin/tickets/{ticket}")
    house.act("nina", lambda s, a: tickets.take(s, a, s.get_one(Ticket, ticket)))
    ola.find("[name=assignee]").select_option(label="Anne Sjef")
    ola.press("form[action$='/assign'] button", status=409)
    clash = ola.find("section[role=alert]")
    assert clash.locator("td bdi").all_inner_texts() == ["Ingen", "Nina Vakt", "Anne Sjef"]
    ola.press(clash.locator("button" if again else "a"))
    expect(ola.find(".facts dl")).to_contain_text("Anne Sjef" if again else "Nina Vakt")


def test_a_ticket_is_not_closed_over_an_answer_that_was_not_read(house: House, seat) -> None:
    ticket = house.ticket(title="Lukk den")
    ola = seat("ola")
    ola.go(f"/admin/tickets/{ticket}")
    house.say("kari", ticket, "Vent, det er mer!")
    ola.press(".status-buttons button[value=lukket]", status=409)
    news = ola.find("section[role=alert]")
    expect(news.locator("li")).to_contain_text("Kari Moe")
    ola.press(news.locator("button"))
    expect(ola.find(f".facts dl {BADGE}")).to_have_text("lukket")


# --- the end, and after it


def test_send_and_close(house: House, seat) -> None:
    ticket = house.ticket(title="Svar og slutt")
    ola = seat("ola")
    ola.go(f"/admin/tickets/{ticket}")
    ola.find(REPLY).fill("Nå er den fylt på.")
    ola.press("#reply button[name=status]")
    expect(ola.find(f".facts dl {BADGE}")).to_have_text("lukket")
    assert told(ola) == ["Nå er den fylt på."]


@pytest.mark.parametrize(
    ("words", "status"), [("Takk!", "lukket"), ("Takk, men den er tom igjen", "åpen")]
)
def test_an_answer_opens_a_closed_ticket_and_thanks_do_not(
    house: House, seat, words, status
) -> None:
    ticket = house.ticket(title="Lukket sak")
    close(house, ticket)
    kari = seat("kari")
    kari.go(f"/tickets/{ticket}")
    expect(kari.find(".readers")).to_contain_text("lukket")
    kari.fill(body=words)
    kari.press(SEND)
    expect(kari.find(f".state {BADGE}")).to_have_text(status)
    assert told(kari) == [words]
    expect(kari.find(".quiet-mark")).to_have_count(int(status == "lukket"))


# --- the keys


@pytest.mark.parametrize("place", ["reply", "note"])
def test_control_and_enter_send(house: House, seat, place) -> None:
    ticket = house.ticket(title="Uten mus")
    ola = seat("ola")
    ola.go(f"/admin/tickets/{ticket}")
    box = ola.find(f"#{place}-body")
    box.press_sequentially("Linje 1")
    box.press("Enter")
    box.press_sequentially("Linje 2")
    with ola.page.expect_navigation():
        box.press("Control+Enter")
    assert told(ola) == ["Linje 1\nLinje 2"]
    expect(ola.find(".message")).to_have_class(re.compile("note" if place == "note" else "worker"))
    expect(ola.find(f".facts dl {BADGE}")).to_have_text("åpen")


def test_an_answer_with_a_file_needs_no_mouse(house: House, seat) -> None:
    ticket = house.ticket(title="Bare taster")
    kari = seat("kari")
    kari.go(f"/tickets/{ticket}")
    file = {"name": "bilag.txt", "mimeType": "text/plain", "buffer": b"hei"}
    # Listening from the beginning: it takes a moment until the browser asks us and not the person.
    kari.page.on("filechooser", lambda chooser: chooser.set_files(file))
    keys = kari.page.keyboard
    tab_to(kari, REPLY)
    keys.type("Skrevet med tastene")
    tab_to(kari, "#reply-files", most=1)
    keys.press("Enter")
    expect(kari.find("#reply [name=attached]")).to_be_attached()
    kari.find(REPLY).focus()
    tab_to(kari, "#reply .chosen button", most=1)
    tab_to(kari, SEND, most=3)
    with kari.page.expect_navigation():
        keys.press("Enter")
    assert told(kari) == ["Skrevet med tastene"]
    expect(kari.find(".message .files")).to_contain_text("bilag.txt")
