"""Every form with everything that a form can be given: an answer, the right status, no harm."""

import logging
from io import StringIO

import pytest
from sqlalchemy import func, select, text

from console import logs
from console.extensions import db
from console.models import AccountEvent, Event, Ticket, User
from tests.conftest import PASSWORD

NASTY = {
    "nothing": "",
    "long": "x" * 10_000,
    "emoji": "🧯👩‍🚒" * 20,
    "right to left": "\u202eשלום\u202c",
    "nul": "a\x00b",
    "controls": "\x01\x07\x1b[2J\r\nSet-Cookie: x=1",
    "html": "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>",
    "sql": "'; DROP TABLE tickets; --",
    "template": "{{7*7}}{% raw %}${7*7}",
    "number": "99999999999999999999999999",
    "negative": "-1",
    "format": "%s%n%(actor)s",
}
# who, where, the fields of a form that would be taken
FORMS = [
    (None, "/login", {"email": "kari@kunde.example", "password": PASSWORD}),
    (None, "/register", {"username": "Ny Bruker", "email": "ny@ny.example", "role": "bruker",
                         "password": PASSWORD, "password_confirm": PASSWORD}),
    (None, "/reset", {"email": "kari@kunde.example"}),
    (None, "/confirm", {"email": "kari@kunde.example"}),
    (None, "/preferences", {"language": "en", "theme": "dark", "next": "/"}),
    ("kari", "/change", {"password": PASSWORD, "new_password": "tre små grå katter",
                         "new_password_confirm": "tre små grå katter"}),
    ("kari", "/tickets/new", {"title": "En tittel", "description": "En tekst", "key": "abc",
                              "attached": "1"}),
    ("kari", "/tickets/{ticket}/reply", {"body": "Et svar", "key": "k", "seen": "1",
                                         "attached": "1"}),
    ("kari", "/tickets/{ticket}/secrets/show", {"secret": "1"}),
    ("kari", "/tickets/{ticket}/secrets/wipe", {"secret": "1"}),
    ("kari", "/tickets/{ticket}/presence", {"seen": "1", "writing": "1", "leave": ""}),
    ("kari", "/drafts/reply:{ticket}", {"body": "Et utkast", "key": "k", "attached": "1"}),
    ("kari", "/drafts/new", {"title": "En tittel", "description": "En tekst", "key": "k"}),
    ("ola", "/admin/tickets/{ticket}/reply", {"body": "Et **svar**", "key": "k", "seen": "1",
                                              "attached": "1", "status": "lukket"}),
    ("ola", "/admin/tickets/{ticket}/note", {"body": "Et *notat*", "key": "k", "seen": "1",
                                             "attached": "1"}),
    ("ola", "/admin/tickets/{ticket}/title", {"title": "En ny tittel", "version": "1"}),
    ("ola", "/admin/tickets/{ticket}/secrets/show", {"secret": "1"}),
    ("ola", "/admin/tickets/{ticket}/secrets/wipe", {"secret": "1"}),
    ("ola", "/drafts/note:{ticket}", {"body": "Et utkast", "key": "k", "attached": "1"}),
    ("ola", "/admin/tickets/new/", {"requester": "Kari Moe", "channel": "phone",
                                    "title": "En tittel", "description": "En tekst", "key": "k"}),
    ("ola", "/admin/tickets/{ticket}/assign", {"assignee": "2", "version": "1"}),
    ("ola", "/admin/tickets/{ticket}/status", {"status": "lukket", "version": "1"}),
    ("ola", "/admin/tickets/{ticket}/take", {"url": "/admin/tickets/"}),
    ("ola", "/admin/tickets/action/", {"action": "take", "rowid": "1", "ask": "1"}),
    ("anne", "/admin/users/new/", {"username": "Ny Konto", "email": "konto@ny.example",
                                   "role": "drift", "password": PASSWORD}),
    ("anne", "/admin/users/{account}/role", {"role": "drift", "url": "/admin/users/"}),
    ("anne", "/admin/roles/new/", {"name": "lærling", "description": "x", "permissions": "work"}),
    ("anne", "/admin/roles/delete/", {"id": "1", "url": "/admin/roles/"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("who", "path", "form"), FORMS, ids=lambda v: v if isinstance(v, str) else ""
)
def test_a_form_answers_anything(app, cast, visitor, browser_of, new_ticket, who, path, form):
    path = path.format(ticket=new_ticket(), account=cast.per)
    client = browser_of(who) if who else visitor
    for field in form:
        for what, value in NASTY.items():
            answer = client.send(path, {**form, field: value})
            if answer.status_code == 302 and "/login" in answer.location and who:
                client = browser_of(who)  # a form that was taken after all ended the session
            assert answer.status_code < 500, f"{path} {field}: {what}"
            assert "Traceback" not in answer.text
            assert "<script>alert(1)" not in answer.text
            assert "onerror=alert" not in answer.text.replace("&lt;img src=x onerror=alert", "")
            assert "Set-Cookie: x=1" not in str(answer.headers)
    with app.app_context():
        assert db.session.scalar(text("SELECT COUNT(*) FROM tickets")) >= 1
        unpaired = select(func.count(Ticket.id)).where(~Ticket.id.in_(select(Event.ticket_id)))
        assert db.session.scalar(unpaired) == 0
        accounts = select(func.count(User.id)).where(
            ~User.id.in_(select(AccountEvent.account_id)), User.login_name != "system"
        )
        assert db.session.scalar(accounts) == 0


def announce(client, path, megabytes):
    """Begin to send so much, and break off."""
    announced = {
        "CONTENT_LENGTH": str(megabytes * 1024 * 1024),
        "CONTENT_TYPE": "multipart/form-data; boundary=x",
    }
    return client.post(path, environ_overrides=announced)


@pytest.mark.parametrize(
    "path",
    ["/login", "/register", "/tickets/new", "/reset", "/preferences", "/tickets/1/reply",
     "/drafts/new", "/tickets/1/presence", "/admin/tickets/1/note"],
)  # fmt: skip
def test_fifty_megabytes_are_refused(visitor, path):
    answer = announce(visitor, path, 50)
    assert answer.status_code == 413
    assert "For stor" in answer.text


@pytest.mark.parametrize(
    ("who", "path"),
    [("kari", "/tickets/new"), ("kari", "/tickets/{}/reply"), ("ola", "/admin/tickets/{}/reply"),
     ("ola", "/admin/tickets/{}/note"), ("ola", "/admin/tickets/new/")],
)  # fmt: skip
def test_a_form_with_files_has_a_limit_too_and_may_break_off(browser_of, new_ticket, who, path):
    client, path = browser_of(who), path.format(new_ticket())
    assert announce(client, path, 300).status_code == 413
    assert announce(client, path, 50).status_code == 400


@pytest.mark.parametrize(
    ("who", "path"),
    [("kari", "/drafts/new"), ("kari", "/tickets/{}/presence"), ("kari", "/change"),
     ("ola", "/admin/tickets/{}/title"), ("ola", "/admin/tickets/{}/secrets/show")],
)  # fmt: skip
def test_no_other_form_of_a_member_may_be_large(browser_of, new_ticket, who, path):
    assert announce(browser_of(who), path.format(new_ticket()), 50).status_code == 413


def test_a_form_of_a_million_fields_is_refused(visitor):
    answer = visitor.post(
        "/login",
        data="&".join(f"a{n}=1" for n in range(200_000)),
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code in (400, 413)


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/tickets/x", "/tickets/-1", "/tickets/1/2", "/tickets/99999999999999999999",
     "/admin/nothing", "/static/../config.py", "/static/%2e%2e/%2e%2e/config.py", "/.env",
     "/%00%ff", "/reset/" + "x" * 5000, "/" + "å" * 500],
)  # fmt: skip
def test_an_address_that_is_none_is_a_page(visitor, path):
    answer = visitor.get(path)
    assert answer.status_code in (302, 404)
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
def test_other_methods_are_refused(browser_of, method):
    client = browser_of("ola")
    answer = client.open("/admin/tickets/", method=method)
    assert answer.status_code in (400, 404, 405)


@pytest.fixture
def log():
    """What the program writes into its log."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.OneLine("%(levelname)s %(request_id)s %(message)s"))
    logging.getLogger("console").addHandler(handler)
    yield written
    logging.getLogger("console").removeHandler(handler)


def test_a_fault_is_a_page_with_an_id_that_stands_in_the_log(app, visitor, log, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("hemmelig")

    monkeypatch.setitem(app.view_functions, "security.login", broken)
    answer = visitor.get("/login")
    assert answer.status_code == 500
    assert "hemmelig" not in answer.text
    number = answer.text.split("Referanse i loggen: ")[1][:12]
    assert number in log.getvalue()


def test_a_client_cannot_forge_a_line_of_the_log(visitor, log):
    visitor.post("/reset/x%0A2026-11-22 INFO admin logged in%1b[2J", data={})
    lines = log.getvalue().splitlines()
    assert lines
    assert not any(line.startswith("2026-11-22 INFO admin") for line in lines)
    assert not any("\x1b" in line for line in lines)
