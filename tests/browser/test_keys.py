"""The console by keyboard: every key, and that none does anything where one writes."""

import re

import pytest
from playwright.sync_api import expect

from console import tickets
from console.models import Status, Ticket
from tests.browser.conftest import House, Seat

CURSOR = "#rows tbody tr[aria-current]"


class Batch(list[int]):
    """The numbers of the tickets, and the address of the list of them."""

    def __init__(self, asks: str, numbers: list[int]) -> None:
        super().__init__(numbers)
        self.path = f"/admin/tickets/?tab=all&flt0_2={asks.replace(' ', '+')}"


@pytest.fixture
def batch(house: House) -> Batch:
    """Three tickets of one who has no others, the newest first, as the list has them."""
    asks = house.person("Taster Ås", "bruker")
    return Batch(asks, [house.ticket(asks, f"Tastetest {n}") for n in range(3)][::-1])


@pytest.fixture
def ola(seat, batch: Batch) -> Seat:
    """A worker before the list of the three."""
    here = seat("ola")
    here.go(batch.path)
    return here


def press(seat: Seat, *keys: str) -> None:
    for key in keys:
        seat.page.keyboard.press(key)


def press_and_go(seat: Seat, *keys: str) -> None:
    """The keys of which the last one opens a page."""
    press(seat, *keys[:-1])
    with seat.page.expect_navigation():
        press(seat, keys[-1])


def cursor(seat: Seat) -> int:
    expect(seat.find(CURSOR)).to_have_count(1)
    return int(seat.find(CURSOR).get_attribute("data-id") or 0)


def answers(seat: Seat, *, yes: bool) -> list[str]:
    """Answer the questions that come up; they are in the list."""
    asked: list[str] = []

    def answer(dialog) -> None:
        asked.append(dialog.message)
        dialog.accept() if yes else dialog.dismiss()

    seat.page.on("dialog", answer)
    return asked


def status(house: House, number: int) -> Status:
    return house.act("ola", lambda s, _: s.get_one(Ticket, number).status)


def handler(house: House, number: int) -> int | None:
    return house.act("ola", lambda s, _: s.get_one(Ticket, number).assignee_id)


def test_j_and_k_move_a_cursor_that_has_the_focus(ola: Seat, batch) -> None:
    expect(ola.find(CURSOR)).to_have_count(0)
    for key, number in (("j", batch[0]), ("j", batch[1]), ("j", batch[2]), ("k", batch[1])):
        press(ola, key)
        assert cursor(ola) == number
        expect(ola.row(number).locator(".title a")).to_be_focused()
    press(ola, *"kkkk")
    assert cursor(ola) == batch[0], "it stays on the first"


def test_the_cursor_is_scrolled_into_view(ola: Seat) -> None:
    ola.page.set_viewport_size({"width": 1000, "height": 300})
    ola.go("/admin/tickets/?tab=all&page_size=100")
    press(ola, *["j"] * len(ola.listed()))
    expect(ola.find(CURSOR)).to_be_in_viewport()
    press(ola, *["k"] * len(ola.listed()))
    expect(ola.find(CURSOR)).to_be_in_viewport()


def test_enter_opens_and_u_comes_back_to_the_row(ola: Seat, batch) -> None:
    press_and_go(ola, "j", "j", "Enter")
    assert ola.path == f"/admin/tickets/{batch[1]}"
    press_and_go(ola, "u")
    assert "flt0_2=Taster" in ola.page.url
    assert cursor(ola) == batch[1]
    # Enter opens the row too when the focus has been lost by a click beside everything.
    ola.page.evaluate("document.activeElement.blur()")
    press_and_go(ola, "Enter")
    assert ola.path == f"/admin/tickets/{batch[1]}"


def test_slash_goes_to_the_search_from_anywhere(ola: Seat) -> None:
    press(ola, "/")
    expect(ola.find("#search")).to_be_focused()
    ola.page.keyboard.type("tjkx/?")
    expect(ola.find("#search")).to_have_value("tjkx/?")
    for page in ("/admin/", "/tickets/new"):
        ola.go(page)
        press_and_go(ola, "/")
        assert ola.path == "/admin/tickets/"
        expect(ola.find("#search")).to_be_focused()
        expect(ola.find("#search")).to_have_value("")


def test_keys_go_by_what_they_write_and_not_by_where_they_lie(ola: Seat) -> None:
    # On a Norwegian keyboard "/" is Shift and 7, "?" is Shift and +.
    press(ola, "Shift+/")
    ola.page.evaluate(
        "document.activeElement.blur(); document.body.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: '?', code: 'Minus', shiftKey: true, bubbles: true, cancelable: true}))"
    )
    expect(ola.find("dialog.help")).to_be_visible()
    press(ola, "Escape")
    ola.page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: '/', code: 'Digit7', shiftKey: true, bubbles: true, cancelable: true}))"
    )
    expect(ola.find("#search")).to_be_focused()


def test_x_ticks_the_row(ola: Seat, batch) -> None:
    press(ola, "j", "x", "j", "j", "x")
    ticked = ola.find("input[name=rowid]:checked")
    assert [int(each.get_attribute("value") or 0) for each in ticked.all()] == [batch[0], batch[2]]
    press(ola, "x")
    expect(ticked).to_have_count(1)
    assert cursor(ola) == batch[2]


def test_t_takes_the_row_and_the_cursor_is_there_again(house: House, ola: Seat, batch) -> None:
    press_and_go(ola, "j", "j", "t")
    assert handler(house, batch[1]) == house.numbers["ola"]
    assert handler(house, batch[0]) is None
    assert cursor(ola) == batch[1]
    press(ola, "t")
    expect(ola.find(".key-word")).not_to_be_empty()  # there is nothing to take any more


def test_t_takes_the_ticket_once(house: House, ola: Seat, batch) -> None:
    ola.go(f"/admin/tickets/{batch[0]}")
    sent: list[str] = []
    ola.page.on("request", lambda r: sent.append(r.url) if r.method == "POST" else None)
    press_and_go(ola, "t", "t")
    assert handler(house, batch[0]) == house.numbers["ola"]
    assert len([url for url in sent if url.endswith("/take")]) == 1


def test_c_asks_before_it_closes(house: House, ola: Seat, batch) -> None:
    press(ola, "c")
    expect(ola.find(".key-word")).not_to_be_empty()  # no row is chosen
    asked = answers(ola, yes=False)
    press(ola, "j", "c")
    ola.go(f"/admin/tickets/{batch[0]}")
    press(ola, "c")
    assert len(asked) == 2
    assert all(str(batch[0]) in question for question in asked)
    assert status(house, batch[0]) is Status.OPEN


def test_c_closes_the_row_and_the_ticket(house: House, ola: Seat, batch) -> None:
    answers(ola, yes=True)
    press_and_go(ola, "j", "c")
    assert status(house, batch[0]) is Status.CLOSED
    ola.go(f"/admin/tickets/{batch[1]}")
    press_and_go(ola, "c")
    assert status(house, batch[1]) is Status.CLOSED
    press(ola, "c")
    expect(ola.find(".key-word")).not_to_be_empty()
    assert status(house, batch[2]) is Status.OPEN


@pytest.mark.parametrize(("key", "box"), [("r", "#reply-body"), ("n", "#note-body")])
def test_r_and_n_begin_to_write(ola: Seat, batch, key, box) -> None:
    press_and_go(ola, "j", key)
    assert ola.path == f"/admin/tickets/{batch[0]}"
    expect(ola.find(box)).to_be_focused()
    ola.go(f"/admin/tickets/{batch[1]}")
    press(ola, key)
    expect(ola.find(box)).to_be_focused()
    expect(ola.find(box)).to_have_value("")
    ola.page.keyboard.type("rnjkutcx?/gm")
    expect(ola.find(box)).to_have_value("rnjkutcx?/gm")
    assert ola.path == f"/admin/tickets/{batch[1]}"
    ola.find(box).fill("")


def test_j_and_k_go_through_the_tickets_of_the_list(ola: Seat, batch) -> None:
    assert ola.listed() == batch
    press_and_go(ola, "j", "Enter")
    line = ola.find(".neighbours")
    expect(line).to_contain_text(re.compile("1 .* 3"))
    expect(line.locator("a[rel=prev]")).to_have_count(0)
    press_and_go(ola, "j")
    assert ola.path == f"/admin/tickets/{batch[1]}"
    press_and_go(ola, "k")
    assert ola.path == f"/admin/tickets/{batch[0]}"
    press(ola, "k")
    expect(ola.find(".key-word")).not_to_be_empty()  # it is the first
    ola.press(line.locator("a[rel=next]"))
    assert ola.path == f"/admin/tickets/{batch[1]}"
    ola.press(".crumb > a")
    assert "flt0_2=Taster" in ola.page.url
    # A ticket of no list one has seen has no neighbours.
    ola.page.evaluate("sessionStorage.clear()")
    ola.go(f"/admin/tickets/{batch[1]}")
    expect(ola.find(".neighbours")).to_have_count(0)
    press_and_go(ola, "u")
    assert ola.path == "/admin/tickets/"


@pytest.mark.parametrize(
    ("key", "there"),
    [("m", "?tab=mine"), ("a", "?tab=all"), ("u", "?tab=unassigned"), ("h", "/admin/")],
)
def test_g_goes_to_places_from_every_page(ola: Seat, batch, key, there) -> None:
    for page in (f"/admin/tickets/{batch[0]}", "/admin/keys", "/tickets/"):
        ola.go(page)
        press_and_go(ola, "g", key)
        assert ola.page.url.endswith(there)


def test_g_waits_only_so_long_and_swallows_what_it_does_not_know(ola: Seat, batch) -> None:
    press(ola, "g", "j")
    expect(ola.find(CURSOR)).to_have_count(0)
    press(ola, "g")
    ola.page.wait_for_timeout(1600)
    press(ola, "j")
    assert cursor(ola) == batch[0]


def test_the_question_mark_shows_the_help(ola: Seat, batch) -> None:
    help_ = ola.find("dialog.help")
    press(ola, "j", "?")
    expect(help_).to_be_visible()
    shown = set(help_.locator("kbd").all_inner_texts())
    assert shown >= {"/", "j", "k", "Enter", "x", "t", "r", "n", "c", "g", "m", "i", "K", "u", "?"}
    press(ola, "j", "t", "g", "m", "/")
    expect(help_).to_be_visible()
    assert cursor(ola) == batch[0], "no key reaches through the dialog"
    press(ola, "Escape")
    expect(help_).to_be_hidden()
    press(ola, "?")
    expect(help_).to_be_visible()
    help_.locator("button").click()
    expect(help_).to_be_hidden()
    # The same by mouse: a page of its own.
    ola.menu()
    ola.press(".menu a[href='/admin/keys']")
    expect(ola.find("#keys kbd").first).to_be_visible()


def test_modifiers_and_fields_keep_their_keys(ola: Seat, batch) -> None:
    for key in ("Control+j", "Alt+j", "Meta+j", "Shift+J"):
        press(ola, key)
    ola.find("select").first.focus()
    press(ola, "j", "x")
    expect(ola.find(CURSOR)).to_have_count(0)
    expect(ola.find("input[name=rowid]:checked")).to_have_count(0)
    ola.page.evaluate(
        "const box = document.createElement('div'); box.contentEditable = 'true';"
        "box.id = 'box'; document.querySelector('main').append(box); box.focus()"
    )
    press(ola, "j")
    expect(ola.find(CURSOR)).to_have_count(0)
    expect(ola.find("#box")).to_have_text("j")
    # A box that was ticked by mouse is no field one writes in.
    ola.row(batch[1]).locator("input[name=rowid]").check()
    press(ola, "j")
    assert cursor(ola) == batch[2]


def test_the_keys_can_be_turned_off(ola: Seat, batch) -> None:
    press(ola, "?")
    ola.find("dialog.help [data-keys-switch] input").uncheck()
    press(ola, "Escape")
    press(ola, "j", "?")
    expect(ola.find(CURSOR)).to_have_count(0)
    expect(ola.find("dialog.help")).to_be_hidden()
    ola.go("/admin/keys")
    ola.find("[data-keys-switch] input").check()
    ola.go(batch.path)
    press(ola, "j")
    assert cursor(ola) == batch[0]


def test_requesters_have_no_keys(house: House, seat) -> None:
    kari = seat("kari")
    kari.go("/tickets/")
    expect(kari.find("script[src*='keys.js']")).to_have_count(0)
    expect(kari.find(".menu a[href*='keys']")).to_have_count(0)
    press(kari, "g", "m", "/")
    assert kari.path == "/tickets/"


def test_logging_out_leaves_nothing_of_what_was_looked_at(house: House, seat) -> None:
    worker = seat(house.person("Går Hjem", "drift"))
    worker.go("/admin/tickets/?tab=all&search=hemmelig")
    press(worker, "j")
    assert "hemmelig" in worker.page.evaluate("JSON.stringify(sessionStorage)")
    worker.log_out()
    assert worker.page.evaluate("sessionStorage.length") == 0


def test_what_the_keys_do_is_there_without_them(house: House, seat) -> None:
    number = house.ticket(title="Uten tastatur")
    house.act("nina", lambda s, nina: tickets.take(s, nina, s.get_one(Ticket, number)))
    ola = seat("ola", java_script_enabled=False)
    ola.go("/admin/tickets/?tab=all")
    for there in ("#search", ".tabs a[href*='tab=mine']", "[name=rowid]", "button[value=lukket]"):
        expect(ola.find(there).first).to_be_visible()
    ola.menu()
    ola.press(".menu a[href='/admin/keys']")
    expect(ola.find("[data-keys-switch]")).to_be_hidden()
    ola.go(f"/admin/tickets/{number}")
    for there in ("a[href='#reply-body']", "#note-body", ".crumb a", "button[value=lukket]"):
        expect(ola.find(there).first).to_be_visible()
