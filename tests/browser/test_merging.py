"""Merging and linking by mouse, with the way back, on the page as it is served."""

from playwright.sync_api import expect

from console import tickets
from console.models import Ticket
from tests.browser.conftest import House


def open_form(nina) -> None:
    nina.find(".aside-form", has=nina.find("[name=into]")).locator("summary").click()


def test_two_tickets_become_one_and_come_apart_again(house: House, seat) -> None:
    survivor, old = house.ticket(title="Skriveren er tom"), house.ticket(title="Ingen utskrift")
    house.say("kari", old, "Den blinker fortsatt.")
    nina, kari = seat("nina"), seat("kari")
    nina.go(f"/admin/tickets/{old}")
    open_form(nina)
    nina.fill(into=f"#{survivor}")
    nina.press("form[action$='/merge'] button")
    expect(nina.find("h1")).to_contain_text(f"#{old}")
    for title in ("Skriveren er tom", "Ingen utskrift"):
        expect(nina.find("main h2", has_text=title)).to_be_visible()
    nina.press("main form .btn-main")
    assert nina.path == f"/admin/tickets/{survivor}"
    expect(nina.find(".notice.success button")).to_be_visible()
    expect(nina.find(".timeline")).to_contain_text("Den blinker fortsatt.")
    expect(nina.find(".timeline .message.opened")).to_contain_text("Ingen utskrift")

    kari.go("/tickets/")
    kari.press(f".ticket-card[href$='/tickets/{old}']")
    assert kari.path == f"/tickets/{survivor}"
    kari.find("#reply-body").fill("Takk, jeg venter på toneren.")
    kari.press("#reply .btn-main")

    nina.press(".notice.success button")
    assert nina.path == f"/admin/tickets/{old}"
    expect(nina.find(".timeline")).to_contain_text("Den blinker fortsatt.")
    expect(nina.find(".timeline .said")).to_have_count(1)
    nina.press(".timeline .unmerged a >> nth=1")
    assert nina.path == f"/admin/tickets/{survivor}"
    expect(nina.find(".timeline .said")).to_have_text(["Takk, jeg venter på toneren."])


def test_two_customers_are_linked_by_one_click_instead(house: House, seat) -> None:
    mine, theirs = house.ticket(title="Treg linje"), house.ticket("per", "Treg linje her også")
    nina = seat("nina")
    nina.go(f"/admin/tickets/{mine}")
    open_form(nina)
    nina.fill(into=str(theirs))
    nina.press("form[action$='/merge'] button", 409)
    nina.press("main form .btn-main")
    assert nina.path == f"/admin/tickets/{mine}"
    expect(nina.find(".linked-tickets")).to_contain_text("Treg linje her også")
    nina.press(".linked-tickets button")
    expect(nina.find(".linked-tickets")).to_have_count(0)


def test_who_answers_from_a_page_older_than_the_merge_reads_first(house: House, seat) -> None:
    survivor, old = house.ticket(title="Nettet nede"), house.ticket(title="Ingen internett")
    ola = seat("ola")
    ola.go(f"/admin/tickets/{old}")

    def merge(session, actor):
        into = session.get_one(Ticket, survivor)
        return tickets.merge(session, actor, session.get_one(Ticket, old), into=into)

    house.act("nina", merge)
    ola.find("#reply-body").fill("Jeg ser på det nå.")
    ola.press("#reply .btn-main", 409)
    expect(ola.find("main .timeline")).to_contain_text(f"#{old}")
    expect(ola.find("#reply-body")).to_have_value("Jeg ser på det nå.")
    ola.press("#reply .btn-main")
    assert ola.path == f"/admin/tickets/{survivor}"
