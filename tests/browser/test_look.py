"""How every page looks: on a desk and on a phone, light and dark, in Norwegian and English.

Each page is opened once in each language and then looked at in every size and colour.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from babel.messages.pofile import read_po

from console import clock, tickets
from console.models import Ticket, User, WaitingFor
from console.tickets import presence
from tests.browser.conftest import House, Seat
from tests.browser.office import LONG, MARKDOWN, SHOUT, Office

WIDTHS, COLOURS, LANGUAGES = (1280, 390), ("light", "dark"), ("nb", "en")
CATALOGUES = Path(__file__).parents[2] / "console" / "translations" / "nb" / "LC_MESSAGES"
ASK_AXE = "rules => axe.run(document, rules).then(found => found.violations)"
RULES = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
}
# Everything that a person reads or hears on the page, piece by piece.
WORDS = """() => {
  const words = [document.title];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) words.push(walk.currentNode.data);
  for (const e of document.querySelectorAll("*"))
    for (const name of ["aria-label", "placeholder", "title", "alt", "data-confirm"])
      if (e.hasAttribute(name)) words.push(e.getAttribute(name));
  return words.map(w => w.replace(/\\s+/g, " ").trim()).filter(w => w);
}"""


@pytest.fixture(scope="session")
def office(house: House) -> Office:
    return Office(house)


# --- the pages: who sees it, its name, and how one comes to it


def wrong_registration(seat: Seat, office: Office) -> None:
    seat.go("/register")
    seat.fill(username="a", email="b", password="c", password_confirm="d")
    seat.press("main form button")


def wrong_log_in(seat: Seat, office: Office) -> None:
    seat.go("/login")
    seat.fill(email="", password="")
    seat.press("main form button")


def new_password(seat: Seat, office: Office) -> None:
    link: list[str] = []

    def issue(session: Any, admin: User) -> None:
        from flask_security.recoverable import generate_reset_link

        with office.house.app.test_request_context():
            link.append(generate_reset_link(session.get_one(User, office.house.numbers["per"]))[0])

    office.house.act("anne", issue)
    seat.go(link[0][link[0].index("/reset/") :])


def wrong_ticket(seat: Seat, office: Office) -> None:
    seat.go("/tickets/new")
    seat.fill(title="a")
    seat.press("main form button", status=422)


def wrong_call(seat: Seat, office: Office) -> None:
    seat.go("/admin/tickets/new/")
    seat.fill(requester="Wolfe", description=SHOUT)
    seat.page.evaluate("document.querySelector('form.capture').submit()")
    seat.expected.add(422)
    seat.find("[data-choices]").wait_for()


def call_over_a_page(seat: Seat, office: Office) -> None:
    """The form over another page, with what is open already beside it."""
    seat.go("/admin/tickets/")
    seat.page.keyboard.press("Control+k")
    seat.find("dialog [name=requester]").fill("Wolfe")
    seat.find("#capture-people li").first.click()
    seat.find("dialog [name=description]").fill(f"{LONG}\n{SHOUT}")
    seat.find(".capture-similar .alike").first.wait_for()
    seat.find("dialog [name=requester]").fill("Wolf")
    seat.find("#capture-people li").first.wait_for()


def question(seat: Seat, office: Office) -> None:
    seat.go("/admin/tickets/?tab=all")
    seat.find("[data-tick-all]").check()
    seat.press(".bulk button")


def reply_to_many(seat: Seat, office: Office) -> None:
    seat.go("/admin/tickets/?tab=all")
    seat.find("[data-tick-all]").check()
    seat.find("[name=action]").select_option("answer")
    seat.press(".bulk button")
    seat.press("main form .buttons button", status=422)


def many_done(seat: Seat, office: Office) -> None:
    numbers = [office.house.ticket(office.asks, f"Mengdetest {LONG}"[:200]) for _ in range(3)]
    office.house.act("nina", lambda s, n: tickets.take(s, n, s.get_one(Ticket, numbers[0])))
    office.house.act("ola", lambda s, o: tickets.take(s, o, s.get_one(Ticket, numbers[1])))
    seat.go("/admin/tickets/?tab=all&search=mengdetest")
    seat.find("[data-tick-all]").check()
    seat.press(".bulk button")
    seat.press("main form .buttons button")
    seat.find(".results tr.refused").first.wait_for()


def news(seat: Seat, office: Office) -> None:
    number = office.house.ticket("kari", "Noe skjer i mellomtiden")
    seat.go(f"/admin/tickets/{number}")
    office.house.say("nina", number, "Vent litt")
    seat.press(".status-buttons button[value=lukket]", status=409)


def unread(place: str) -> Callable[[Seat, Office], None]:
    """The page that shows what came while one was writing."""

    def way(seat: Seat, office: Office) -> None:
        number = office.house.ticket(office.asks, LONG)
        seat.go(f"/tickets/{number}")  # which is the worker's page to a worker
        for n in range(2):
            office.house.say("nina", number, f"{MARKDOWN}\nPassord: Sommer202{n}!")
        seat.find(f"#{place}-files").set_input_files(
            {"name": f"{LONG}.txt", "mimeType": "text/plain", "buffer": b"hei"}
        )
        seat.find(f"#{place}-body").fill(SHOUT)
        seat.expected.add(409)
        with seat.page.expect_navigation():
            seat.find(f"#{place} .buttons button").first.click()

    return way


def clash(seat: Seat, office: Office) -> None:
    number = office.house.ticket(office.asks, LONG)
    seat.go(f"/admin/tickets/{number}")
    office.house.act(
        "nina", lambda s, nina: tickets.retitle(s, nina, s.get_one(Ticket, number), title="Kort")
    )
    seat.find(".edit-title summary").click()
    seat.find("main [name=title]").fill(LONG[:100] + " igjen " + LONG[:80])
    seat.press("form[action$='/title'] button", status=409)


def nothing_said(seat: Seat, office: Office) -> None:
    seat.go(f"/tickets/{office.talk}")
    seat.press("#reply .btn-main", status=422)


def secret_shown(seat: Seat, office: Office) -> None:
    seat.go(f"/tickets/{office.talk}")
    secret = seat.find(".message .secret")
    secret.last.locator("button").click()
    secret.last.locator("code").wait_for()


def at_work(seat: Seat, office: Office) -> None:
    """Somebody else is here, something has come, and files are on their way."""
    number = office.house.ticket(office.asks, "Nå skjer det")
    seat.go(f"/tickets/{number}")
    office.house.say("nina", number, "Hei")
    office.house.act(
        "nina", lambda s, nina: presence.touch(s, nina, s.get_one(Ticket, number), writing=True)
    )
    seat.page.unroute_all()
    files = ((f"{LONG}.txt", 3, ""), ("video.mp4", 26 << 20, "failed"), ("på vei", 3, "going"))
    for name, size, state in files:
        if state == "going":
            seat.page.route("**/attachments", lambda route: None)  # and there it stays
        data = seat.page.evaluate_handle(
            """([name, size]) => { const data = new DataTransfer();
            data.items.add(new File([new ArrayBuffer(size)], name)); return data }""",
            [name, size],
        )
        seat.find("#reply").dispatch_event("drop", {"dataTransfer": data})
        seat.find(f"#reply .chosen > li[class='{state}']").wait_for()
    seat.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    seat.find(".presence .fresh").wait_for()


def lost_form(seat: Seat, office: Office) -> None:
    """A form whose proof of origin is gone."""
    seat.go("/tickets/new")
    seat.fill(title="Skrevet forgjeves", description=SHOUT)
    seat.page.evaluate("document.querySelector('main [name=csrf_token]').value = 'borte'")
    seat.press("main form button", status=400)


def link_shown(seat: Seat, office: Office) -> None:
    seat.go(f"/admin/users/{office.house.numbers[office.empty]}")
    seat.press("form[action$='/link'] button")


PAGES: list[tuple[str | None, str, Any]] = [
    (None, "log-in", "/login"),
    (None, "log-in-wrong", wrong_log_in),
    (None, "registration", "/register"),
    (None, "registration-wrong", wrong_registration),
    (None, "forgotten", "/reset"),
    (None, "new-password", new_password),
    (None, "not-found", "/finnes-ikke"),
    ("asks", "own-tickets", "/tickets/"),
    ("asks", "own-ticket-open", "/tickets/{new}"),
    ("asks", "own-ticket-taken", "/tickets/{taken}"),
    ("asks", "own-ticket-talk", "/tickets/{talk}"),
    ("asks", "own-ticket-over", "/tickets/{over}"),
    ("asks", "own-ticket-reply-wrong", nothing_said),
    ("asks", "own-ticket-reply-unread", unread("reply")),
    ("asks", "own-ticket-at-work", at_work),
    ("asks", "ticket-new", "/tickets/new"),
    ("asks", "ticket-new-wrong", wrong_ticket),
    ("asks", "ticket-new-lost", lost_form),
    ("asks", "password", "/change"),
    ("asks", "nobodys-business", "/tickets/{call}"),
    ("empty", "own-tickets-none", "/tickets/"),
    ("ola", "today", "/admin/"),
    ("ola", "tickets", "/admin/tickets/"),
    ("ola", "tickets-found", "/admin/tickets/?tab=all&search=Kan+lukkes&flt0_0=lukket"),
    ("ola", "tickets-none", "/admin/tickets/?tab=all&search=finnesikkeihusetvårt"),
    ("ola", "ticket-open", "/admin/tickets/{new}"),
    ("ola", "ticket-taken", "/admin/tickets/{taken}"),
    ("ola", "ticket-closed", "/admin/tickets/{closed}"),
    ("ola", "ticket-talk", "/admin/tickets/{talk}"),
    ("ola", "ticket-over", "/admin/tickets/{over}"),
    ("ola", "ticket-reply-wrong", nothing_said),
    ("ola", "ticket-reply-unread", unread("reply")),
    ("ola", "ticket-note-unread", unread("note")),
    ("ola", "ticket-clash", clash),
    ("ola", "ticket-secret-shown", secret_shown),
    ("ola", "ticket-at-work", at_work),
    ("ola", "ticket-for-somebody", "/admin/tickets/new/"),
    ("ola", "ticket-for-somebody-wrong", wrong_call),
    ("ola", "ticket-for-somebody-over", call_over_a_page),
    ("ola", "ticket-news", news),
    ("ola", "many-at-once", question),
    ("ola", "keys", "/admin/keys"),
    ("ola", "many-replies", reply_to_many),
    ("ola", "many-done", many_done),
    ("anne", "accounts", "/admin/users/"),
    ("anne", "account", "/admin/users/{asks}"),
    ("anne", "account-that-asks", "/admin/users/{wishes}"),
    ("anne", "account-shut-out", "/admin/users/{gone}"),
    ("anne", "account-link", link_shown),
    ("anne", "account-new", "/admin/users/new/"),
    ("anne", "roles", "/admin/roles/"),
    ("anne", "role-new", "/admin/roles/new/"),
    ("anne", "role", "/admin/roles/edit/?id=2"),
    ("anne", "outbox", "/admin/deliveries/"),
    ("anne", "outbox-message", "/admin/deliveries/{message}"),
]


def open_page(seat: Seat, office: Office, way: Any) -> None:
    """Open the page by its address or the way that leads to it."""
    if callable(way):
        way(seat, office)
        return
    names = {key: office.house.numbers.get(value, value) for key, value in vars(office).items()
             if isinstance(value, (int, str))}  # fmt: skip
    seat.expected.add(404)  # the error pages are pages too
    seat.page.goto(office.house.address + way.format(**names))


@cache
def english() -> re.Pattern[str]:
    """Every sentence of the four catalogues that reads otherwise in Norwegian."""
    said, norwegian = set(), set()
    for catalogue in CATALOGUES.glob("*.po"):
        for message in read_po(BytesIO(catalogue.read_bytes()), ignore_obsolete=True):
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            norwegian.update(strings)
            said.update(set(ids) - set(strings) - {""})
    patterns = []
    for sentence in said - norwegian:
        parts = re.split(r"%\(\w+\)[sd]|%[sd]", sentence)
        # (Two letters may be a word of the other language: «at».)
        if sum(c.isalpha() for part in parts for c in part) > 2:
            patterns.append(".+".join(re.escape(part) for part in parts))
    return re.compile("|".join(patterns))


def faults_of_words(seat: Seat) -> list[str]:
    """What is wrong with the page's words, whatever its size and colours."""
    found = []
    page = seat.page
    heading = re.sub(r"#\d+", "", " ".join(page.locator("h1").inner_text().split())).strip()
    title = re.sub(r"#\d+", "", page.title()).strip()
    if not title.startswith(heading):
        found.append(f"the title {title!r} does not begin with the heading {heading!r}")
    if page.locator("html").get_attribute("lang") == "nb":
        found += [f"English: {w!r}" for w in page.evaluate(WORDS) if english().fullmatch(w)]
    return found


def faults_of_look(seat: Seat) -> list[str]:
    """What is wrong with the page in the size and the colours it is shown in."""
    found = []
    over = seat.page.evaluate(
        "() => { const d = document.documentElement; return d.scrollWidth - d.clientWidth }"
    )
    if over > 0:
        found.append(f"{over} px wider than the window")
    # The page is asked by itself, with axe put into it once, and answers only with what is wrong.
    if not seat.page.evaluate("'axe' in window"):
        seat.page.evaluate(AXE_SCRIPT)
    for violation in seat.page.evaluate(ASK_AXE, RULES):
        for node in violation["nodes"]:
            why = (node["any"] + node["all"] + node["none"])[0]["message"]
            found.append(f"{violation['id']}: {node['target']} {node['html'][:120]} ({why})")
    return found


@pytest.mark.parametrize(("who", "way"), [pytest.param(w, p, id=name) for w, name, p in PAGES])
def test_the_page_looks_right(house, office, seat, who, way) -> None:
    sat = seat(getattr(office, who, who) if who else None)
    found: dict[str, list[str]] = {}
    for language in LANGUAGES:
        sat.context.add_cookies([{"name": "language", "value": language, "url": house.address}])
        sat.page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        open_page(sat, office, way)
        assert sat.find("html").get_attribute("lang") == language
        for fault in faults_of_words(sat):
            found.setdefault(fault, []).append(language)
        for width, colours in product(WIDTHS, COLOURS):
            sat.page.set_viewport_size({"width": width, "height": 900})
            sat.page.emulate_media(color_scheme=colours)
            for fault in faults_of_look(sat):
                found.setdefault(fault, []).append(f"{language} {width} {colours}")
    told = [f"{fault}\n    at {', '.join(looks)}" for fault, looks in found.items()]
    assert not told, f"{sat.page.url}\n" + "\n".join(told)


def with_every_mark(house: House) -> int:
    """Tickets that are merged, put aside and overdue, the newest of all; answers the middle one."""
    first, waits, late = (house.ticket(title=f"Merket {n}") for n in range(3))
    soon = clock.now() + timedelta(days=2)

    def act(session: Any, actor: User) -> None:
        told = {n: session.get_one(Ticket, n) for n in (first, waits, late)}
        tickets.wait(session, actor, told[waits], until=soon, waiting_for=WaitingFor.SUPPLIER)
        with clock.at(clock.now() - timedelta(days=1)):
            tickets.set_due(session, actor, told[late], to=clock.now() + timedelta(hours=1))
        tickets.merge(session, actor, told[first], into=told[late])

    house.act("ola", act)
    return waits


@pytest.mark.parametrize("who", [None, "asks", "anne"])
def test_what_opens_on_the_page_looks_right(house, office, seat, who) -> None:
    """The menu and the filters hold words and colours that the closed page does not show."""
    places = ["/"]
    if who == "anne":
        waits = with_every_mark(house)
        places = ["/admin/tickets/?tab=all&filters=1", f"/admin/tickets/{waits}"]
    sat = seat(getattr(office, who, who) if who else None)
    faults = []
    for place, width, colours in product(places, WIDTHS, COLOURS):
        sat.go(place)
        sat.page.set_viewport_size({"width": width, "height": 900})
        sat.page.emulate_media(color_scheme=colours)
        # Not by clicks: one menu that is open may lie over the other's word.
        sat.page.evaluate("for (const it of document.querySelectorAll('details')) it.open = true")
        faults += [f"{width} {colours}: {fault}" for fault in faults_of_look(sat)]
    assert not faults, "\n".join(faults)
