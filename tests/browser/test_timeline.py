"""What stands on a ticket: notes that only we read, secrets on a click, what was said before."""

import re

import pytest
from playwright.sync_api import expect

from console import tickets
from console.models import Event
from tests.browser.conftest import House
from tests.browser.test_conversation import NOTE, REPLY, SAVE, SEND, sign, told

# --- what only we read


def test_no_page_of_the_requester_tells_of_a_note(house: House, seat) -> None:
    who = house.person("Kunde Med Notat", "bruker")
    ticket = house.ticket(who, "Hva sier de om meg?")
    kari, ola = seat(who), seat("ola")
    kari.go(f"/tickets/{ticket}")
    ola.go(f"/admin/tickets/{ticket}")
    ola.find(NOTE).fill("Ringte: kunden er sur. Passord: Vinter2026!")
    ola.find("#note-files").set_input_files(
        {"name": "samtale.txt", "mimeType": "text/plain", "buffer": b"sur"}
    )
    expect(ola.find("#note [name=attached]")).to_be_attached()
    sign(ola)
    assert sign(kari).json() == {"news": None, "people": []}
    ola.press(SAVE)
    note = ola.find(".message.note")
    expect(note).to_contain_text("internt notat")
    expect(note).to_contain_text("kunden er sur")
    file = note.locator(".files a").get_attribute("href")
    note.locator(".secret button").click()
    expect(note.locator(".secret code")).to_have_text("Vinter2026!")

    assert sign(kari).json() == {"news": None, "people": []}
    expect(kari.find(".presence *")).to_have_count(0)
    number = note.get_attribute("id")[1:]
    for path in (f"/tickets/{ticket}", "/tickets/", f"/tickets/{ticket}?before={number}"):
        kari.go(path)
        page = kari.page.content()
        for word in ("sur", "Ringte", "Ola Drift", "samtale", "notat", "Vinter2026"):
            assert not re.search(rf"\b{word}\b", page), f"{path}: {word}"
    kari.go(f"/attachments/{file.rpartition('/')[2]}", status=404)
    # It does not stop her from sending either, which would be to tell.
    kari.go(f"/tickets/{ticket}")
    house.say("ola", ticket, "Enda et notat", tickets.note)
    kari.fill(body="Hallo?")
    kari.press(SEND)
    assert told(kari) == ["Hallo?"]


# --- what is hidden


@pytest.mark.parametrize("where", ["title", "description", "reply", "earlier"])
def test_a_secret_is_shown_in_its_place_and_wiped_for_good(house: House, seat, where) -> None:
    words = "Passord: Sommer2026! så kom jeg inn"
    first = {where: words} if where in ("title", "description") else {}
    ticket = house.ticket(**{"title": "Hemmelig", **first})
    if not first:
        house.say("kari", ticket, words)
    if where == "earlier":
        for n in range(20):
            house.say("kari", ticket, f"Og {n}")
    ola = seat("ola")
    ola.go(f"/admin/tickets/{ticket}")
    if where == "earlier":
        ola.find("a[data-earlier]").click()
    secret = ola.find(".secret")
    expect(secret).to_have_text("skjult: et passord")
    assert "Sommer2026" not in ola.page.content()
    ola.find(REPLY).fill("Jeg har sett det")
    ola.page.evaluate("window.still = true")
    secret.locator("button").click()
    expect(secret.locator("code")).to_have_text("Sommer2026!")
    assert ola.page.evaluate("window.still"), "the page was left"
    assert ola.path == f"/admin/tickets/{ticket}"
    expect(ola.find(REPLY)).to_have_value("Jeg har sett det")
    expect(ola.find("#reply [data-draft-state]")).to_contain_text("Utkast lagret")

    # Wiping asks first, and no is no.
    asked = []
    ola.page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    secret.locator("button.wipe").click()
    assert len(asked) == 1
    expect(secret.locator("code")).to_be_visible()

    # Whoever comes later sees who looked, and not at what.
    ola.page.reload()
    assert "Sommer2026" not in ola.page.content()
    expect(ola.find(".secret_shown")).to_have_count(1)
    expect(ola.find(".secret_shown")).to_contain_text("Ola Drift")
    if where == "earlier":
        ola.find("a[data-earlier]").click()
    secret.locator("button").click()
    ola.page.once("dialog", lambda dialog: dialog.accept())
    ola.press(secret.locator("button.wipe"))
    if where == "earlier":
        ola.find("a[data-earlier]").click()
    expect(secret).to_have_text("slettet: et passord")
    expect(ola.find(".secret_wiped")).to_contain_text("Ola Drift")
    expect(ola.find(REPLY)).to_have_value("Jeg har sett det")


# --- what was said before


def test_earlier_entries_come_in_place_and_what_was_read_stays(house: House, seat) -> None:
    ticket = house.ticket(title="En lang historie")
    for n in range(40):
        house.say("kari" if n % 2 else "ola", ticket, f"Melding {n}\n" * 4)
    ola = seat("ola")
    ola.go(f"/admin/tickets/{ticket}")
    ola.find(REPLY).fill("Mens jeg leser")
    expect(ola.find(".timeline > li")).to_have_count(15)
    link = ola.find("a[data-earlier]")
    expect(link).to_have_text("Vis 27 tidligere hendelser")
    link.scroll_into_view_if_needed()
    first = ola.find(".timeline > li").first
    mark = ola.find(f"#{first.get_attribute('id')}")
    for count in (30, 42):
        link.scroll_into_view_if_needed()
        top = mark.bounding_box()["y"]
        link.click()
        expect(ola.find(".timeline > li")).to_have_count(count)
        assert abs(mark.bounding_box()["y"] - top) < 2
        mark = ola.find(f"#{ola.find('.timeline > li').first.get_attribute('id')}")
    expect(link).to_have_count(0)
    assert [text.split("\n")[0] for text in told(ola)] == [f"Melding {n}" for n in range(40)]
    expect(ola.find(REPLY)).to_have_value("Mens jeg leser")
    ids = ola.page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))


def test_earlier_entries_are_there_without_javascript(house: House, seat) -> None:
    ticket = house.ticket(title="Uten skript, og lenge")
    for n in range(20):
        house.say("kari", ticket, f"Melding {n}")
    kari = seat("kari", java_script_enabled=False)
    kari.go(f"/tickets/{ticket}")
    newest = told(kari)
    kari.press("a[data-earlier]")
    assert told(kari) + newest == [f"Melding {n}" for n in range(20)]
    expect(kari.find("textarea")).to_have_count(0)
    kari.press("main p > a >> nth=-1")
    assert told(kari) == newest


def test_a_secret_is_shown_and_wiped_without_javascript(house: House, seat) -> None:
    ticket = house.ticket(title="Uten skript")
    house.say("kari", ticket, "Passord: Sommer2026!")
    for n in range(16):
        house.say("kari", ticket, f"Og {n}")
    ola = seat("ola", java_script_enabled=False)
    ola.go(f"/admin/tickets/{ticket}")
    ola.press("a[data-earlier]")
    ola.press(".secret button")
    expect(ola.find(".secret code")).to_have_text("Sommer2026!")
    ola.press(".secret button.wipe")
    expect(ola.find(".secret_wiped")).to_contain_text("Ola Drift")
    ola.press("a[data-earlier]")
    expect(ola.find(".secret")).to_have_text("slettet: et passord")
    seen = [n for (n,) in house.act("ola", lambda s, a: s.query(Event.kind).filter(
        Event.ticket_id == ticket, Event.kind.like("%secret%")).all())]  # fmt: skip
    assert seen == ["ticket.secret_shown", "ticket.secret_wiped"]
