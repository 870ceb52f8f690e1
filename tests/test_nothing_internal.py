"""What workers say among themselves, looked for on everything that a requester can reach."""

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from console import clock, tickets
from console.accounts import rules
from console.extensions import db
from console.models import Attachment, Delivery, DeliveryState, Event, Secret, Status, Ticket, User
from console.transaction import change
from tests.attachments.pictures import picture
from tests.conftest import PASSWORD
from tests.forms import fields_of, notices, said
from tests.notify.owing import owe

BODY, FILE, SECRET, AUTHOR, DRAFT, SENT = MARKERS = [f"INTERN-{n}" for n in range(1, 7)]
MARKER = re.compile(r"intern-\d|intern(t)? notat|internal note", re.IGNORECASE)
# The number of what is hidden would tell as much as its text.
COUNTED = re.compile(r"(Vis|Show) \d+ (tidligere|earlier)")
PAGES_MAX = 300


@dataclass
class Office:
    """A ticket of Kari's with notes on it, and all that happened around them."""

    ticket: int
    later: int
    events: list[int]
    notes: list[int]
    files: list[int]
    secrets: list[int]
    hidden_files: list[int]
    hidden_secrets: list[int]


@pytest.fixture
def writer(app, cast):
    """A browser of a worker who writes nothing but notes."""
    with app.app_context(), change() as session:
        rules.create(
            session, rules.system_user(session), username=f"{AUTHOR} Vakt",
            email="vakt@firma.example", role="drift", password=PASSWORD,
        )  # fmt: skip
    client = app.test_client()
    client.send("/login", {"email": "vakt@firma.example", "password": PASSWORD})
    return client


def note(writer, number, body, **more):
    answer = writer.send(f"/admin/tickets/{number}/note", {"body": body, **more})
    assert answer.status_code == 303


def told_of(app, *tickets):
    """A message that did not arrive for each event, to somebody else."""
    with app.app_context(), change() as session:
        for event in session.scalars(select(Event).where(Event.ticket_id.in_(tickets))).all():
            owe(
                session, event.ticket_id, event=event, state=DeliveryState.FAILED, job=False,
                recipient=f"{SENT}@firma.example", error=f"550 {SENT}", subject=SENT, body=SENT,
            )  # fmt: skip


@pytest.fixture
def office(app, cast, writer, kari, ola, new_ticket):
    number = new_ticket("kari")
    console = f"/admin/tickets/{number}"
    mail = {"body": "Hei", "attachments": (BytesIO(b"x"), "svar.txt")}

    def whisper(n):
        note(
            writer, number, f"{BODY} nr. {n}. Passord: {SECRET}x{n}",
            attachments=[(BytesIO(picture()), f"{FILE}-{n}.png")],
        )  # fmt: skip

    whisper(1)
    kari.send(f"/tickets/{number}/reply", {"body": "Passord: Sommer2026!"})
    whisper(2)
    ola.send(f"{console}/reply", mail)
    ola.send(f"{console}/title", {"title": "Skriveren i 2. etasje"})
    whisper(3)
    ola.send(f"{console}/reply", {"body": "Ferdig", "status": "lukket"})
    kari.send(f"/tickets/{number}/reply", {"body": "Nei, den virker fortsatt ikke."})
    with app.app_context():
        hidden = db.session.scalars(
            select(Secret.id).join(Secret.message).where(Secret.value.contains(SECRET))
        ).all()
    for verb, secret in (("show", hidden[0]), ("wipe", hidden[1])):
        writer.send(f"{console}/secrets/{verb}", {"secret": secret})
    for n in range(20):
        if n % 5 == 0:
            whisper(n + 4)
        with app.app_context(), change() as session:
            ticket = session.get_one(Ticket, number)
            tickets.reply(session, session.get_one(User, cast.kari), ticket, body=f"Purring {n}")
    with clock.at(clock.now() - timedelta(days=20)):
        ola.send(f"{console}/status", {"status": "lukket"})
    whisper(99)
    later = kari.send(f"/tickets/{number}/reply", {"body": "Nå er den tom igjen."}).location
    later = int(later.split("#")[0].rsplit("/", 1)[1])
    note(writer, later, f"{BODY} på den nye også")
    writer.send(f"/drafts/reply:{number}", {"body": f"{DRAFT} halvferdig"})
    writer.send(f"/tickets/{number}/presence", {"writing": "1"})
    told_of(app, number, later)
    with app.app_context():
        ids = {
            model: list(db.session.scalars(select(model.id).order_by(model.id)))
            for model in (Event, Attachment, Secret)
        }
        notes = db.session.scalars(select(Event.id).where(Event.kind == "ticket.noted")).all()
        files = db.session.scalars(
            select(Attachment.id).where(Attachment.name.contains(FILE))
        ).all()
        secrets = db.session.scalars(
            select(Secret.id).where(Secret.message.has(internal=True))
        ).all()
    assert later != number
    return Office(
        number, later, ids[Event], list(notes), ids[Attachment], ids[Secret], list(files),
        list(secrets),
    )  # fmt: skip


def check(answer):
    """Nothing internal is in the answer, neither in what is shown nor in how it is sent."""
    where = f"{answer.request.method} {answer.request.full_path}: {answer.status_code}"
    whole = f"{answer.headers}\n{answer.get_data().decode('utf-8', 'replace')}"
    found = MARKER.search(whole) or COUNTED.search(whole)
    assert not found, f"{where}: {whole[max(0, found.start() - 60) : found.end() + 60]!r}"
    assert answer.status_code < 500, where
    return answer


def links_of(answer):
    """Every address of ours on the page."""
    if answer.mimetype != "text/html":
        return set()
    page = BeautifulSoup(answer.text, "html5lib")
    found = {tag[name] for name in ("href", "src") for tag in page.find_all(**{name: True})}
    found |= {value for tag in page.find_all(True) for name, value in tag.attrs.items()
              if name.startswith("data-") and isinstance(value, str)}  # fmt: skip
    return {link.partition("#")[0] for link in found if re.match(r"/(?!(admin/)?static|/)", link)}


def walk(client, begin):
    """Open these addresses and whatever they lead to; answers all that was opened."""
    seen, waiting = set(), list(begin)
    while waiting:
        path = waiting.pop()
        if path in seen or len(seen) > PAGES_MAX:
            continue
        seen.add(path)
        answer = check(client.get(path))
        onward = {answer.location} if answer.status_code in (301, 302, 303) else links_of(answer)
        waiting += sorted(onward - seen)
    assert len(seen) < PAGES_MAX
    return seen


@pytest.mark.parametrize("language", ["nb", "en"])
def test_no_page_a_requester_can_open_tells_of_a_note(kari, office, language):
    kari.set_cookie("language", language)
    begin = ["/", "/tickets/", "/tickets/new", "/tickets/?page=1", "/nothing", "/admin/", "/change"]
    for number in (office.ticket, office.later):
        begin += [f"/tickets/{number}", f"/admin/tickets/{number}", f"/tickets/{number}/reply"]
        begin += [f"/tickets/{number}?before={event}" for event in [0, *office.events, 10**9]]
    for file in office.files:
        begin += [f"/attachments/{file}{kind}" for kind in ("", "/thumb", "/view")]
    opened = walk(kari, begin)
    assert f"/tickets/{office.ticket}/presence" in opened  # found on the page itself


@pytest.mark.parametrize("language", ["nb", "en"])
def test_no_answer_to_a_form_tells_of_a_note(app, kari, ola, office, language):
    kari.set_cookie("language", language)
    place = f"/tickets/{office.later}"
    page = kari.get(place)
    ola.send(f"/admin{place}/reply", {"body": "Jeg kommer i morgen."})
    stale = check(kari.post(f"{place}/reply", data={**fields_of(page), "body": "Hallo?"}))
    assert (stale.status_code, said(stale)) == (409, ["Jeg kommer i morgen."])
    assert check(kari.send(f"{place}/reply", {"body": ""})).status_code == 422
    assert check(kari.post(f"{place}/reply", data={"body": "Hallo?"})).status_code == 400
    stolen = check(kari.send(f"{place}/reply", {"body": "Se", "attached": office.hidden_files}))
    assert stolen.status_code == 422
    check(kari.send(f"/drafts/reply:{office.later}", {"attached": office.hidden_files}))
    assert fields_of(check(kari.get(place)))["attached"] == []
    check(kari.send("/tickets/new", {"title": "", "description": "", "attached": "1"}))
    for file in office.hidden_files:
        assert check(kari.send(f"/attachments/{file}/discard")).status_code == 404
    for number in (office.ticket, office.later):
        for verb in ("show", "wipe"):
            for secret in office.secrets:
                form = {"secret": secret}
                answer = check(kari.send(f"/tickets/{number}/secrets/{verb}", form))
                assert secret not in office.hidden_secrets or answer.status_code == 404
        for event in [0, *office.events]:
            check(kari.send(f"/tickets/{number}/presence", {"seen": event}))
        for verb in ("take", "status", "note", "reply", "secrets/show"):
            check(kari.send(f"/admin/tickets/{number}/{verb}", {"secret": office.secrets[0]}))


def test_no_mail_to_a_requester_tells_of_a_note(app, office):
    with app.app_context():
        for mail in db.session.scalars(select(Delivery)):
            if mail.recipient.endswith("@kunde.example"):
                assert not MARKER.search(f"{mail.subject}\n{mail.body}")


def test_a_worker_sees_all_that_is_looked_for_here(browser_of, office):
    """Or the tests above would find nothing for want of anything to find."""
    nina = browser_of("nina")
    place = f"/admin/tickets/{office.ticket}"
    page = nina.get(place).text
    assert all(marker in page for marker in (BODY, FILE, AUTHOR, SENT))
    assert COUNTED.search(page)
    file, secret = office.hidden_files[0], office.hidden_secrets[-2]
    assert FILE in nina.get(f"/attachments/{file}").headers["Content-Disposition"]
    assert nina.get(f"/attachments/{file}/thumb").status_code == 200
    assert SECRET in nina.send(f"{place}/secrets/show", {"secret": secret}).text
    assert AUTHOR in json.dumps(nina.send(f"/tickets/{office.ticket}/presence").json)
    with pytest.raises(AssertionError, match="INTERN-"):
        check(nina.get(place))


NUMBERS = re.compile(r"[?&]before=\d+|#?\be?\d+\b|name=\"(key|csrf_token)\"[^>]*|\b[0-9a-f]{12}\b")


def without_numbers(answer):
    """The page but for what no two tickets have in common."""
    page = BeautifulSoup(answer.text, "html5lib")
    for time in page.find_all("time"):
        time.replace_with("time")
    return NUMBERS.sub("·", page.find("main").decode())


def test_a_ticket_with_notes_looks_like_one_without(app, cast, kari, new_ticket):
    """Before and after each stretch of the history, which notes may not fill or shift."""
    pages = []
    for whispering in (True, False):
        number = new_ticket("kari")
        for n in range(10):
            for who in (cast.kari, cast.ola):
                with app.app_context(), change() as session:
                    actor, ticket = session.get_one(User, who), session.get_one(Ticket, number)
                    words = f"Svar nr. {chr(97 + n)}"
                    tickets.reply(session, actor, ticket, body=words, key=f"{who} {n}")
                    if whispering:
                        worker = session.get_one(User, cast.ola)
                        tickets.note(session, worker, ticket, body=BODY, key=f"{who} {n}")
        first = kari.get(f"/tickets/{number}")
        earlier = BeautifulSoup(first.text, "html5lib").select_one("[data-earlier]")["href"]
        pages.append([without_numbers(first), without_numbers(kari.get(earlier))])
    assert pages[0] == pages[1]
    assert pages[0][0].count("Svar nr.") == 15


def test_the_number_of_a_note_is_answered_like_any_number_that_is_none(app, kari, office):
    """Whoever tries numbers learns nothing: neither that there is a note, nor when."""
    place = f"/tickets/{office.ticket}"
    kari.get(place)  # what is flashed is gone with it
    nowhere = without_numbers(kari.get(f"{place}?before=999999"))
    with app.app_context():
        shown = db.session.scalars(select(Event.id).where(Event.internal.is_(True))).all()
    assert len(shown) > len(office.notes)  # a glance at a secret is internal too
    for event in shown:
        assert without_numbers(kari.get(f"{place}?before={event}")) == nowhere
        told = kari.send(f"{place}/presence", {"seen": event}).json
        assert told == {"people": [], "news": None}
    missing = kari.get("/attachments/999999")
    for file in office.hidden_files[:3]:
        hidden = kari.get(f"/attachments/{file}")
        assert (hidden.status_code, without_numbers(hidden)) == (404, without_numbers(missing))


def test_a_note_stops_no_requester_and_is_no_news(kari, writer, new_ticket):
    number = new_ticket("kari")
    page = kari.get(f"/tickets/{number}")
    note(writer, number, BODY)
    seen = fields_of(page)["seen"]
    assert kari.send(f"/tickets/{number}/presence", {"seen": seen}).json["news"] is None
    sent = kari.post(f"/tickets/{number}/reply", data={**fields_of(page), "body": "Hallo?"})
    assert sent.status_code == 303
    assert not notices(kari.get(sent.location))


def test_a_note_moves_no_time_that_a_requester_sees(app, cast, kari, new_ticket):
    number = new_ticket("kari")

    def times():
        pages = [kari.get(path).text for path in ("/tickets/", f"/tickets/{number}")]
        return [BeautifulSoup(page, "html5lib").select_one("main time")["datetime"]
                for page in pages]  # fmt: skip

    def happen(verb, who, minutes, **what):
        later = clock.now() + timedelta(minutes=minutes)
        with clock.at(later), app.app_context(), change() as session:
            actor, ticket = session.get_one(User, who), session.get_one(Ticket, number)
            verb(session, actor, ticket, **what)

    before = times()
    happen(tickets.note, cast.ola, 5, body=f"{BODY} Passord: {SECRET}x")
    assert times() == before
    happen(tickets.set_status, cast.ola, 10, to=Status.CLOSED)
    assert times() > before
