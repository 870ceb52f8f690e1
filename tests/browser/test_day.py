"""A day at the office, in real browsers: from a registration to the last log-out."""

import re
from itertools import count

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import House, Seat
from tests.conftest import PASSWORD

BADGE = ".badge-status"
fresh = count(1)


def register(seat: Seat, name: str, role: str) -> str:
    """Make an account through the page; answers its address."""
    address = f"{name.replace(' ', '.').lower()}{next(fresh)}@ny.example"
    seat.go("/register")
    seat.fill(username=name, email=address, password=PASSWORD, password_confirm=PASSWORD)
    seat.find(f"[name=role][value={role}]").check()
    seat.press("main form button")
    assert seat.path == "/login"
    expect(seat.find(".notice.success")).to_be_visible()
    return address


def send_ticket(seat: Seat, title: str, description: str) -> int:
    """Create a ticket through the page; answers its number."""
    seat.go("/tickets/new")
    seat.fill(title=title, description=description)
    seat.press("main form button")
    number = re.fullmatch(r"/tickets/(\d+)", seat.path)
    assert number, seat.path
    return int(number[1])


def test_a_ticket_from_registration_to_log_out(house: House, seat) -> None:
    # Somebody new registers, in Norwegian, and finds an inviting empty page.
    kari = seat()
    kari.go("/register")
    expect(kari.find("html")).to_have_attribute("lang", "nb")
    expect(kari.find("h1")).to_have_text("Registrer deg")
    address = register(kari, "Solveig Ås", "bruker")
    kari.fill(email=address, password=PASSWORD)
    kari.press("main form button")
    assert kari.path == "/tickets/"
    expect(kari.find("h1")).to_have_text("Mine saker")
    kari.press(".empty a[href='/tickets/new']")

    # The text stays as it was written, and markup is text.
    title, text = "Nettet er <b>nede</b> på Øst", "Siden kl. 8:\n\n  <b>alle</b> & «ingen»\n\tslutt"
    kari.fill(title=title, description=text)
    kari.press("main form button")
    ticket = int(kari.path.rpartition("/")[2])
    expect(kari.find("h1")).to_contain_text(title)
    expect(kari.find(".notice.success")).to_contain_text(str(ticket))
    assert kari.find(".written").inner_text() == text
    expect(kari.find("main b")).to_have_count(0)
    assert kari.page.title().startswith(title)

    # It is nobody else's business.
    per = seat("per")
    per.go(f"/tickets/{ticket}", status=404)
    per.go("/tickets/")
    expect(per.find(f"a[href$='/tickets/{ticket}']")).to_have_count(0)

    # A worker finds it among those that nobody has, and takes it without opening it.
    ola = seat()
    ola.log_in("ola")
    assert ola.path == "/admin/"
    ola.go("/admin/tickets/")
    expect(ola.find(".tabs [aria-current]")).to_have_attribute("href", re.compile("unassigned"))
    expect(ola.row(ticket).locator(".title")).to_have_text(title)
    ola.press(ola.row(ticket).locator("button[formaction$='/take']"))
    ola.go("/admin/tickets/?tab=mine")
    expect(ola.row(ticket)).to_contain_text("Ola Drift")

    # The status moves, from the row and from the ticket's page.
    ola.press(ola.row(ticket).locator("button[name=status][value='under arbeid']"))
    expect(ola.row(ticket).locator(BADGE)).to_have_class(re.compile("working"))
    ola.press(ola.row(ticket).locator(".title a"))
    assert ola.path == f"/admin/tickets/{ticket}"
    assert ola.find(".written").inner_text() == text
    expect(ola.find("main b")).to_have_count(0)
    ola.press(".status-buttons button[value='åpen']")
    expect(ola.find(f".facts dl {BADGE}")).to_have_class(re.compile("open"))

    # It goes to a colleague, who gives it back to the pool, takes it anew and closes it.
    ola.find("[name=assignee]").select_option(label="Nina Vakt")
    ola.press("form[action$='/assign'] button")
    expect(ola.find(".facts dl")).to_contain_text("Nina Vakt")
    nina = seat("nina")
    nina.go(f"/admin/tickets/{ticket}")
    nina.press("form[action$='/release'] button")
    expect(nina.find("form[action$='/take'] button")).to_be_visible()
    nina.press("form[action$='/take'] button")
    nina.press(".status-buttons button[value='lukket']")
    expect(nina.find(f".facts dl {BADGE}")).to_have_class(re.compile("closed"))

    # The requester reads all of it in plain words.
    kari.go("/tickets/")
    card = kari.find(f"a[href$='/tickets/{ticket}']")
    expect(card).to_contain_text("lukket")
    expect(card).to_contain_text("Nina Vakt")
    kari.press(card)
    expect(kari.find(f".state {BADGE}")).to_have_text("lukket")
    expect(kari.find(".state")).to_contain_text("Nina Vakt")
    told = kari.find(".timeline li").all_inner_texts()
    said = [
        r"Solveig Ås.* opprettet saken",
        r"Ola Drift tok saken",
        r"Ola Drift .*åpen.*under arbeid",
        r"Ola Drift .*under arbeid.*åpen",
        r"Ola Drift .*Ola Drift.*Nina Vakt",
        r"Nina Vakt .*tilbake",
        r"Nina Vakt tok saken",
        r"Nina Vakt .*åpen.*lukket",
    ]
    assert len(told) == len(said)
    for line, words in zip(told, said, strict=True):
        assert re.match(words + r".* \d\d:\d\d$", " ".join(line.split())), line

    # And goes home. Neither reload nor the back button opens the page again.
    kari.log_out()
    assert kari.path == "/login"
    kari.page.go_back()
    expect(kari.find("main [name=password]")).to_be_visible()
    kari.page.reload()
    expect(kari.find("main [name=password]")).to_be_visible()


def test_the_empty_list_invites(house: House, seat) -> None:
    somebody = seat(house.person("Tom Liste", "bruker"))
    expect(somebody.find(".empty .lead")).to_be_visible()
    somebody.press(".empty a")
    assert somebody.path == "/tickets/new"


def test_a_double_click_on_send_makes_one_ticket(house: House, seat) -> None:
    somebody = seat(house.person("Dobbel Klikk", "bruker"))
    somebody.go("/tickets/new")
    somebody.fill(title="Trykket to ganger", description="Den var treg.")
    with somebody.page.expect_navigation(url=re.compile(r"/tickets/\d+$")):
        somebody.find("main form button").dblclick()
    somebody.go("/tickets/")
    expect(somebody.find(".ticket-card")).to_have_count(1)


def test_reloading_the_page_after_send_makes_no_other_ticket(house: House, seat) -> None:
    somebody = seat(house.person("Last På Nytt", "bruker"))
    number = send_ticket(somebody, "Sendt og lastet", "Jeg trykket F5 etterpå.")
    somebody.page.reload()
    assert somebody.path == f"/tickets/{number}"
    expect(somebody.find(".notice.success")).to_have_count(0)
    somebody.go("/tickets/")
    expect(somebody.find(".ticket-card")).to_have_count(1)


@pytest.mark.parametrize("javascript", [True, False])
def test_what_was_typed_survives_an_error(house: House, seat, javascript) -> None:
    somebody = seat("kari", java_script_enabled=javascript)
    text = "Linje 1\n  Linje 2 med <b>markup</b>"
    somebody.go("/tickets/new")
    somebody.fill(title="ab", description=text)
    somebody.press("main form button", status=422)
    expect(somebody.find(".wrong [name=title]")).to_have_attribute("aria-invalid", "true")
    expect(somebody.find("[name=title]")).to_have_value("ab")
    expect(somebody.find("[name=description]")).to_have_value(text)
    described = somebody.find("[name=title]").get_attribute("aria-describedby") or ""
    sentence = somebody.find(f"#{described.split()[-1]}")
    expect(sentence).to_be_visible()
    expect(sentence).to_contain_text("3")
    somebody.fill(title="Nå med ord nok")
    somebody.press("main form button")
    assert somebody.find(".written").inner_text() == text


def test_what_was_typed_survives_a_log_out_in_another_tab(house: House, seat) -> None:
    somebody = seat(house.person("To Faner", "bruker"))
    somebody.go("/tickets/new")
    somebody.fill(title="En lang historie", description="Skrevet i ti minutter.")
    first, somebody.page = somebody.page, somebody.context.new_page()
    somebody.go("/tickets/")
    somebody.log_out()
    somebody.page = first
    somebody.expected.update({400, 401, 403})
    with first.expect_navigation():
        somebody.find("main form button").click()
    page = first.content()
    assert "En lang historie" in page
    assert "Skrevet i ti minutter." in page


def test_a_log_in_leads_to_the_page_that_was_asked_for(house: House, seat) -> None:
    number = house.ticket("kari")
    kari = seat()
    kari.go(f"/tickets/{number}")
    assert kari.path == "/login"
    kari.fill(email="kari@kunde.example", password=PASSWORD)
    kari.press("main form button")
    assert kari.path == f"/tickets/{number}"


def test_a_wrong_password_says_little_and_keeps_the_name(seat) -> None:
    somebody = seat()
    said = []
    for name in ("kari@kunde.example", "finnes.ikke@kunde.example"):
        somebody.go("/login")
        somebody.fill(email=name, password="ikke det riktige passordet")
        somebody.press("main form button")
        assert somebody.path == "/login"
        expect(somebody.find("[name=email]")).to_have_value(name)
        expect(somebody.find("[name=password]")).to_have_value("")
        said.append(somebody.find("main [role=alert], main .field-error").all_inner_texts())
    assert said[0] == said[1]
    assert len(said[0]) == 1


def test_long_lists_of_own_tickets_are_paged(house: House, seat) -> None:
    name = house.person("Mange Saker", "bruker")
    numbers = [house.ticket(name, f"Sak nummer {n}") for n in range(21)]
    somebody = seat(name)
    expect(somebody.find(".ticket-card")).to_have_count(20)
    expect(somebody.find(".ticket-card").first).to_have_attribute("href", f"/tickets/{numbers[-1]}")
    somebody.press(".pager a[rel=next]")
    expect(somebody.find(".ticket-card")).to_have_attribute("href", f"/tickets/{numbers[0]}")
    somebody.press(".pager a[rel=prev]")
    expect(somebody.find(".ticket-card")).to_have_count(20)


def test_too_large_a_text_is_refused_and_still_in_the_form(house: House, seat) -> None:
    """The page says: go back, your text is still in the form."""
    somebody = seat("kari")
    somebody.go("/tickets/new")
    somebody.fill(title="En hel logg")
    somebody.page.evaluate(
        "() => { const d = document.querySelector('[name=description]');"
        " d.removeAttribute('maxlength'); d.value = 'x'.repeat(2.2e6) }"
    )
    somebody.press("main form button", status=413)
    somebody.page.go_back()
    assert len(somebody.find("[name=description]").input_value()) == 2.2e6
    expect(somebody.find("[name=title]")).to_have_value("En hel logg")
