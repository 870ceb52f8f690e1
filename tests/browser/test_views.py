"""The views in a browser: whose turn it is, saving a list and sharing it, and a ticket's triage."""

from datetime import timedelta

from playwright.sync_api import expect

from console import clock
from tests.browser.conftest import House


def test_a_view_is_saved_shared_opened_by_a_colleague_and_deleted(house: House, seat) -> None:
    mine, shared = house.person("Visning Drift", "drift"), house.person("Kollega Drift", "drift")
    ticket = house.ticket(title="Toner visningstest")
    house.ticket(title="Passord visningstest")
    ola, nina = seat(mine), seat(shared)
    ola.go("/admin/tickets/?tab=all")
    ola.fill(search="visningstest toner")
    ola.press(".find .btn-main")
    ola.find(".columns summary").click()
    ola.find(".columns label", has_text="Kategori").click()
    ola.press(".columns button")
    ola.find(".keep-view summary").click()
    ola.fill(name="Toner i dag")
    ola.find("[name=shared]").check()
    ola.press(".keep-view .btn-main")
    expect(ola.find(".tabs.saved [aria-current]")).to_contain_text("Toner i dag")
    assert ola.listed() == [ticket]
    expect(ola.find("thead")).to_contain_text("Kategori")

    nina.go("/admin/tickets/")
    nina.press(".tabs.saved a:has-text('Toner i dag')")
    assert nina.listed() == [ticket]
    expect(nina.find("thead")).to_contain_text("Kategori")
    nina.find(".keep-view summary").click()
    expect(nina.find(".keep-view .danger")).to_have_count(0)

    ola.find(".keep-view summary").click()
    ola.page.on("dialog", lambda dialog: dialog.accept())
    ola.press(".keep-view .danger")
    expect(ola.find(".tabs.saved a:has-text('Toner i dag')")).to_have_count(0)


def test_the_views_follow_whose_turn_it_is_and_the_date(house: House, seat) -> None:
    worker, asks = house.person("Tur Drift", "drift"), house.person("Tur Bruker", "bruker")
    ticket = house.ticket(asks, title="Turtest")
    ola = seat(worker)

    def is_in(tab: str) -> bool:
        ola.go(f"/admin/tickets/?tab={tab}")
        return ticket in ola.listed()

    assert is_in("waiting_for_us")
    ola.go(f"/admin/tickets/{ticket}")
    ola.find("#reply-body").fill("Hvilken etasje?")
    ola.press("#reply .btn-main")
    assert is_in("waiting_for_requester")
    assert not is_in("waiting_for_us")
    ola.go(f"/admin/tickets/{ticket}")
    ola.find("summary", has_text="Legg til side").click()
    until = (clock.now() + timedelta(days=3)).date()
    ola.find("#until").fill(until.isoformat())
    ola.find("#waiting_for").select_option("supplier")
    ola.find("#reason").fill("Del på vei")
    ola.press(ola.find("form[action$='/wait'] button"))
    expect(ola.find(".facts dl")).to_contain_text("Del på vei")
    assert is_in("put_aside")
    house.say(asks, ticket, "Den andre etasjen.")
    assert is_in("waiting_for_us")
    assert not is_in("put_aside")


def test_priority_category_and_tags_are_set_and_a_requester_sees_none(house: House, seat) -> None:
    asks, worker = house.person("Triage Bruker", "bruker"), house.person("Triage Drift", "drift")
    ticket = house.ticket(asks, title="Triagetest")
    ola, kari = seat(worker), seat(asks)
    ola.go(f"/admin/tickets/{ticket}")
    ola.press("form[action$='/priority'] button.priority-3")
    ola.find("#category").select_option(label="Skriver og skanner")
    ola.press("form[action$='/category'] button")
    ola.find("#tags").fill("toner, 2. etg")
    ola.press("form[action$='/tags'] button")
    expect(ola.find(".timeline")).to_contain_text("endret prioriteten fra middels til høy")
    ola.go("/admin/tickets/?tab=high&cols=priority,category,tags")
    row = ola.row(ticket)
    for text in ("høy", "Skriver og skanner", "2. etg, toner"):
        expect(row).to_contain_text(text)
    for address in ("/tickets/", f"/tickets/{ticket}"):
        kari.go(address)
        for word in ("høy", "Skriver og skanner", "toner", "prioritet"):
            expect(kari.find("main")).not_to_contain_text(word)
