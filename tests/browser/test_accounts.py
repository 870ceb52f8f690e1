"""Accounts in real browsers: asking to be a worker, being let in, being shut out."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import House
from tests.browser.test_day import register
from tests.conftest import PASSWORD


@pytest.mark.parametrize("answer", ["approve", "decline"])
def test_one_who_asks_to_be_a_worker_is_told_the_answer(house: House, seat, answer) -> None:
    name = f"Trine Ønsker {answer}"
    trine = seat()
    address = register(trine, name, "drift")
    trine.log_in(address)
    assert trine.path == "/tickets/", "a requester until somebody has answered"
    trine.go("/admin/", status=404)

    anne = seat("anne")
    anne.go("/admin/")
    anne.find("details.setup > summary").click()
    anne.press(".places a[href='/admin/users/']")
    request = anne.find(".requests li", has_text=address)
    button = request.locator(f"button[formaction$='/{answer}']")
    anne.press(button if button.count() else request.locator("button").first)
    assert anne.path == "/admin/users/"
    expect(anne.find(".notice.success")).to_be_visible()
    expect(anne.find(".requests li", has_text=address)).to_have_count(0)
    row = anne.find("tbody tr", has_text=address)
    expect(row).to_contain_text("drift" if answer == "approve" else "bruker")

    trine.go("/")
    if answer == "approve":
        assert trine.path == "/login", "a new role ends the old sessions"
    else:
        trine.log_out()
    trine.log_in(address)
    if answer == "approve":
        assert trine.path == "/admin/"
        expect(trine.find(".notice.success")).to_be_visible()
        trine.press(".places a[href='/admin/tickets/']")
    else:
        assert trine.path == "/tickets/"
        expect(trine.find(".notice")).to_be_visible()
    trine.log_out()
    trine.log_in(address)
    expect(trine.find(".notice")).to_have_count(0)  # it is told once


def test_one_who_is_shut_out_is_out_at_the_next_click(house: House, seat) -> None:
    name = house.person("Ferdig Her", "bruker")
    number = house.ticket(name, "Før jeg slutter")
    person = seat(name)
    expect(person.find(".ticket-card")).to_have_count(1)

    anne = seat("anne")
    anne.go(f"/admin/users/{house.numbers[name]}")
    anne.page.once("dialog", lambda dialog: dialog.dismiss())
    anne.find("form[action$='/deactivate'] button").click()
    expect(anne.find("form[action$='/deactivate']")).to_have_count(1)
    asked: list[str] = []
    anne.page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
    anne.press("form[action$='/deactivate'] button")
    assert name in asked[0]
    expect(anne.find("form[action$='/reactivate'] button")).to_be_visible()
    expect(anne.find(".timeline li").first).to_contain_text("Anne Sjef")

    person.press(f"a[href='/tickets/{number}']")
    assert person.path == "/login"
    person.fill(email=name, password=PASSWORD)
    person.press("main form button")
    assert person.path == "/login"
    expect(person.find("main [role=alert], main .field-error").first).to_be_visible()

    anne.press("form[action$='/reactivate'] button")
    person.log_in(name)
    expect(person.find(".ticket-card")).to_have_count(1)


def test_a_worker_who_leaves_gives_his_tickets_back(house: House, seat) -> None:
    name = house.person("Slutter Snart", "drift")
    ticket = house.ticket(title="Lå hos en som sluttet")
    worker = seat(name)
    worker.go(f"/admin/tickets/{ticket}")
    worker.press("form[action$='/take'] button")
    anne = seat("anne")
    anne.page.on("dialog", lambda dialog: dialog.accept())
    anne.go(f"/admin/users/{house.numbers[name]}")
    anne.press("form[action$='/deactivate'] button")
    anne.go("/admin/tickets/?tab=unassigned")
    expect(anne.row(ticket)).to_be_visible()
    worker.press(".status-buttons button[value='lukket']")
    assert worker.path == "/login"


def test_an_admin_makes_an_account_with_a_link(house: House, seat) -> None:
    anne = seat("anne")
    anne.go("/admin/users/")
    anne.press(".page-head a[href^='/admin/users/new']")
    anne.fill(username="Lenke Person", email="lenke@kunde.example")
    anne.find("main [name=role]").select_option("bruker")
    anne.press("main form button")
    anne.press("form[action$='/link'] button")
    link = anne.find("#link").input_value()
    person = seat()
    person.go(link[link.index("/reset/") :])
    password = "fire helt vanlige ord sammen"
    person.fill(password=password, password_confirm=password)
    person.press("main form button")
    person.go("/login")
    person.fill(email="lenke@kunde.example", password=password)
    person.press("main form button")
    assert person.path == "/tickets/"


def test_a_new_password_ends_the_sessions_elsewhere(house: House, seat) -> None:
    name = house.person("Bytter Passord", "bruker")
    here, there = seat(name), seat(name)
    here.menu()
    here.press(".menu-body a[href='/change']")
    new = "enda en lang og ny setning"
    here.fill(password=PASSWORD, new_password="kort", new_password_confirm="kort")
    here.press("main form button")
    expect(here.find(".wrong [name=new_password]")).to_be_visible()
    here.fill(password=PASSWORD, new_password=new, new_password_confirm=new)
    here.press("main form button")
    here.go("/tickets/")
    assert here.path == "/tickets/"
    there.page.reload()
    assert there.path == "/login"


def test_a_registration_says_what_is_wrong_and_keeps_the_rest(seat) -> None:
    somebody = seat()
    somebody.go("/register")
    somebody.fill(
        username="Per Utkast", email="ikke en adresse", password="kort", password_confirm="annet"
    )
    somebody.find("[name=role][value=drift]").check()
    somebody.press("main form button")
    assert somebody.path == "/register"
    for name in ("email", "password"):
        expect(somebody.find(f".wrong [name={name}]")).to_be_visible()
    expect(somebody.find("[name=username]")).to_have_value("Per Utkast")
    expect(somebody.find("[name=email]")).to_have_value("ikke en adresse")
    expect(somebody.find("[name=role][value=drift]")).to_be_checked()
    expect(somebody.find("[name=password]")).to_have_value("")


def test_a_role_is_made_given_and_removed(house: House, seat) -> None:
    anne = seat("anne")
    anne.page.on("dialog", lambda dialog: dialog.accept())
    anne.go("/admin/roles/")
    anne.press(".page-head a[href^='/admin/roles/new']")
    anne.fill(name="lærling", description="Ser på")
    anne.press("main form button")
    row = anne.find("tbody tr", has_text="lærling")
    expect(row).to_contain_text("Ser på")
    anne.press(row.locator("form button"))
    expect(anne.find("tbody tr", has_text="lærling")).to_have_count(0)


@pytest.mark.parametrize("easy", ["passordpassord", "123456789012", "per.enkel@ny.example"])
def test_a_password_that_everybody_tries_is_refused(seat, easy) -> None:
    somebody = seat()
    somebody.go("/register")
    somebody.fill(username="Per Enkel", email="per.enkel@ny.example")
    somebody.fill(password=easy, password_confirm=easy)
    somebody.press("main form button")
    assert somebody.path == "/register"
    expect(somebody.find(".wrong [name=password]")).to_be_visible()


def test_a_forgotten_password_is_reset_by_the_link_in_the_outbox(house: House, seat) -> None:
    name = house.person("Glemte Passordet", "bruker")
    address = f"{name.replace(' ', '.').lower()}@kunde.example"
    person, said = seat(), []
    for asked in ("finnes.ikke@kunde.example", address):
        person.go("/login")
        person.press("a[href^='/reset']")
        person.fill(email=asked)
        person.press("main form button")
        said.append((person.path, person.find(".notice").all_inner_texts()))
    assert said[0] == said[1], "whether an account exists is not told"

    # Without a mail server an admin reads the link in the outbox.
    anne = seat("anne")
    anne.go("/admin/deliveries/")
    anne.press(anne.find("tbody tr", has_text=address).first.locator("a"))
    words = anne.find(".written").inner_text()
    link = re.search(r"/reset/\S+", words)
    assert link, words
    person.go(link[0])
    password = "fire helt andre ord sammen"
    person.fill(password=password, password_confirm=password)
    person.press("main form button")
    person.go("/login")
    person.fill(email=name, password=password)
    person.press("main form button")
    assert person.path == "/tickets/"
    # The link has done its work.
    person.log_out()
    person.go(link[0])
    assert not person.path.startswith("/reset/WyI")
