"""The worker's console in real browsers: taking, moving, handing over, many at once."""

import re

from playwright.sync_api import expect

from console import tickets
from console.models import Ticket
from tests.browser.conftest import House

BADGE = ".badge-status"


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


def test_a_status_set_on_an_old_page_is_asked_for_again(house: House, seat) -> None:
    ticket = house.ticket(title="Siden er gammel")
    ola, nina = seat("ola"), seat("nina")
    for worker in (ola, nina):
        worker.go(f"/admin/tickets/{ticket}")
    nina.press("form[action$='/take'] button")
    nina.press(".status-buttons button[value='under arbeid']")
    ola.press(".status-buttons button[value='lukket']", status=409)
    clash = ola.find("section[role=alert]")
    expect(clash).to_contain_text("Nina Vakt")
    assert clash.locator("td").all_inner_texts() == ["åpen", "under arbeid", "lukket"]
    expect(ola.find(f".facts dl {BADGE}")).to_have_text("under arbeid")
    expect(clash.locator("button")).to_have_text("Endre likevel")
    ola.press(clash.locator("button"))
    assert ola.path == f"/admin/tickets/{ticket}"
    expect(ola.find(f".facts dl {BADGE}")).to_have_text("lukket")
    expect(ola.find("section[role=alert]")).to_have_count(0)


def test_a_status_set_on_an_old_list_shows_the_news(house: House, seat) -> None:
    ticket = house.ticket(title="Listen er gammel")
    ola = seat("ola")
    ola.go("/admin/tickets/?tab=all")
    house.say("nina", ticket, "Jeg ser på det")
    ola.press(ola.row(ticket).locator("button[value=lukket]"), status=409)
    news = ola.find("section[role=alert]")
    expect(news.locator("li")).to_have_count(1)
    expect(news).to_contain_text("Nina Vakt")
    expect(news.locator("button")).to_have_text("Lukk likevel")
    ola.press(news.locator("button"))
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
    expect(ola.find(".timeline li").last).to_have_class("happened released")
    expect(ola.find("form[action$='/take'] button")).to_be_visible()


def test_many_at_once_are_asked_for_once_more(house: House, seat) -> None:
    three = [house.ticket(title=f"Bunke bunketest {n}") for n in range(3)]
    left = house.ticket(title="Bunke bunketest som ble igjen")
    ola = seat("ola")
    ola.go("/admin/tickets/?search=bunketest")
    for ticket in three:
        ola.row(ticket).locator("[name=rowid]").check()
    ola.find("[name=action]").select_option("take")
    ola.press(".bulk button")
    expect(ola.find("h1")).to_contain_text("3")
    expect(ola.find("main form")).to_contain_text(f"#{three[0]}")
    ola.press("main form button")
    expect(ola.find(".results tr.done")).to_have_count(3)
    ola.press(".page-head a")
    assert sorted(ola.listed()) == [*three, left], "back to the same search"
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
    expect(ola.find(".results tr.refused")).to_contain_text(f"#{left}")
    expect(ola.find(".results tr.refused")).to_contain_text("Nina Vakt")


def test_many_at_once_can_be_called_off(house: House, seat) -> None:
    ticket = house.ticket(title="Angret angretest")
    ola = seat("ola")
    ola.go("/admin/tickets/?search=angretest")
    ola.row(ticket).locator("[name=rowid]").check()
    ola.find("[name=action]").select_option("close")
    ola.press(".bulk button")
    expect(ola.find("h1")).to_contain_text("1")
    ola.press("main .buttons a")
    assert ola.listed() == [ticket]
    expect(ola.row(ticket).locator(BADGE)).to_have_class(re.compile("open"))


def test_many_at_once_without_a_tick_says_so(house: House, seat) -> None:
    house.ticket()
    ola = seat("ola")
    ola.go("/admin/tickets/?tab=all")
    ola.press(".bulk button")
    assert ola.path == "/admin/tickets/"
    expect(ola.find(".notice.error")).to_be_visible()


def test_the_console_does_not_exist_for_requesters(seat) -> None:
    kari = seat("kari")
    for path in ("/admin/", "/admin/tickets/", "/admin/tickets/new/", "/admin/users/"):
        kari.go(path, status=404)
    expect(kari.find("a[href^='/admin']")).to_have_count(0)
    ola = seat("ola")
    for path in ("/admin/users/", "/admin/roles/", "/admin/deliveries/"):
        ola.go(path, status=404)
    expect(ola.find("a[href^='/admin/users']")).to_have_count(0)


def test_a_second_click_in_the_row_is_silence(house: House, seat) -> None:
    """On a slow line one clicks again; that is no news about a colleague."""
    ticket = house.ticket(title="Utålmodigtest")
    ola = seat("ola")
    ola.go("/admin/tickets/?tab=all&search=utålmodigtest")
    box = ola.row(ticket).locator("button[value=lukket]").bounding_box()
    assert box
    line = ola.context.new_cdp_session(ola.page)
    slow = {"offline": False, "downloadThroughput": -1, "uploadThroughput": -1, "latency": 800}
    line.send("Network.emulateNetworkConditions", slow)
    for _ in range(2):
        ola.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        ola.page.wait_for_timeout(300)
    line.send("Network.emulateNetworkConditions", slow | {"latency": 0})
    expect(ola.find(BADGE).first).to_have_class(re.compile("closed"))
    expect(ola.find("section[role=alert]")).to_have_count(0)
    assert ola.path == "/admin/tickets/"
