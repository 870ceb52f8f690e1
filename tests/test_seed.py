"""seed.py as one runs it: a process of its own on a database of its own."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from config import settings
from console import create_app
from console.extensions import db
from console.words import TABS
from tests.conftest import CHEAP, PASSWORD, Inspector
from tests.servers import ROOT

BASE_URL = "https://sak.example.no"
HEADER = "brukernavn;epost;rolle;passord\n"
BJØRG = "Bjørg Åsen;bjorg@x.example;bruker;\n"
ØYVIND = f"Øyvind Dahl;oyvind@x.example;drift;{PASSWORD}\n"


class Office:
    """A database in a folder, and seed.py on it."""

    def __init__(self, folder):
        self.folder, self.file = folder, folder / "console.db"
        self.environment = {
            "DATABASE_URL": f"sqlite:///{self.file}",
            "SECRET_KEY": "k" * 40,
            "SECURITY_PASSWORD_SALT": "s" * 40,
            "BASE_URL": BASE_URL,
        }

    def seed(self, *words, **environment):
        """Run seed.py with these words after it."""
        return subprocess.run(
            [sys.executable, str(ROOT / "seed.py"), *map(str, words)],
            cwd=self.folder,
            env={
                **{name: value for name, value in os.environ.items() if "MAIL" not in name},
                **self.environment,
                "PYTHONIOENCODING": "utf-8",
                **environment,
            },
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )

    def load(self, text, encoding="utf-8"):
        """Run seed.py with a file of this text."""
        path = self.folder / "kontoer.csv"
        path.write_bytes(text.encode(encoding))
        return self.seed(path)

    def ask(self, question):
        """The rows that answer an SQL question."""
        with closing(sqlite3.connect(self.file)) as connection:
            return connection.execute(question).fetchall()

    def app(self):
        """The application on the same database."""
        return create_app(
            {
                **settings(self.environment),
                "TESTING": True,
                "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": CHEAP,
            }
        )


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo office, made once, and what seed.py said to it."""
    office = Office(tmp_path_factory.mktemp("demo"))
    return office, office.seed("--demo")


class Abroad(Inspector):
    """A browser that stands at BASE_URL and says which page it comes from."""

    def open(self, *args, **kwargs):
        kwargs.setdefault("base_url", BASE_URL)
        kwargs.setdefault("headers", {"Referer": f"{BASE_URL}/login"})
        return super().open(*args, **kwargs)


@pytest.fixture
def browser():
    """Make browsers on an office's database."""
    made = []

    def make(office):
        made.append(office.app())
        made[-1].test_client_class = Abroad
        return made[-1].test_client()

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


def test_a_file_is_loaded_and_summed_up(office):
    done = office.load(HEADER + BJØRG + ØYVIND)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 created, 0 raised, 0 unchanged" in done.stdout
    assert office.ask("SELECT brukernavn, rolle FROM users WHERE id > 1 ORDER BY id") == [
        ("Bjørg Åsen", "bruker"),
        ("Øyvind Dahl", "drift"),
    ]


def test_a_file_of_excel_is_loaded(office):
    assert office.load(HEADER + BJØRG, "cp1252").returncode == 0
    assert office.load(HEADER + ØYVIND, "utf-16").returncode == 0
    assert office.ask("SELECT count(*) FROM users") == [(3,)]


def test_the_same_file_twice_changes_nothing_and_prints_no_link(office):
    office.load(HEADER + BJØRG + ØYVIND)
    before = office.ask("SELECT * FROM users"), office.ask("SELECT * FROM account_events")
    done = office.load(HEADER + BJØRG + ØYVIND)
    assert done.returncode == 0
    assert "0 created, 0 raised, 2 unchanged" in done.stdout
    assert "http" not in done.stdout
    assert (office.ask("SELECT * FROM users"), office.ask("SELECT * FROM account_events")) == before


def test_a_role_that_would_fall_is_said_and_kept(office):
    office.load(HEADER + ØYVIND)
    done = office.load(HEADER + "Øyvind Dahl;oyvind@x.example;bruker;hest batteri stift korrekt\n")
    assert done.returncode == 0
    assert "Øyvind Dahl" in done.stdout
    assert "hest batteri" not in done.stdout + done.stderr
    assert office.ask("SELECT rolle FROM users WHERE id > 1") == [("drift",)]


def test_every_bad_line_is_named_on_stderr_and_nothing_is_loaded(office):
    done = office.load(
        HEADER + BJØRG + "Øyvind;oyvind;drift;\nIda;ida@x.example;keiser;kort\n;;;x\n"
    )
    assert done.returncode == 1
    assert done.stdout == ""
    named = re.findall(r"kontoer\.csv: line (\d+), (\w+): \S", done.stderr)
    assert named == [
        ("3", "epost"),
        ("4", "rolle"),
        ("5", "brukernavn"),
        ("5", "epost"),
        ("5", "rolle"),
    ]
    assert "Traceback" not in done.stderr
    assert office.ask("SELECT count(*) FROM users") == [(1,)]


@pytest.mark.parametrize("text", ["", "navn;adresse\nBjørg;x\n"])
def test_what_is_no_such_file_is_refused(office, text):
    done = office.load(text)
    assert (done.returncode, done.stdout) == (1, "")
    assert "line 1" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [[], ["--demo", __file__], ["nowhere.csv"], ["."]])
def test_what_makes_no_sense_is_refused_before_anything_is_made(office, words):
    done = office.seed(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage")
    assert not office.file.exists()


@pytest.mark.parametrize("name", ["SECRET_KEY", "SECURITY_PASSWORD_SALT"])
def test_a_missing_secret_is_named_and_nothing_is_made(office, name):
    done = office.seed("--demo", **{name: ""})
    assert (done.returncode, done.stdout) == (1, "")
    assert name in done.stderr
    assert "Traceback" not in done.stderr
    assert not office.file.exists()


def test_a_link_lets_one_choose_a_password_once(office, browser):
    done = office.load(HEADER + BJØRG + ØYVIND)
    [(name, link)] = re.findall(r"^(.+): (http\S+)$", done.stdout, re.M)
    assert name == "Bjørg Åsen"
    assert link.startswith(f"{BASE_URL}/reset/")
    path = link.removeprefix(BASE_URL)
    words = {"password": "blåbær på tirsdag", "password_confirm": "blåbær på tirsdag"}
    visitor = browser(office)
    assert visitor.get(path).status_code == 200
    chosen = visitor.send(path, words)
    assert (chosen.status_code, chosen.location) == (302, "/login")
    answer = visitor.send("/login", {"email": "bjørg åsen", "password": words["password"]})
    assert (answer.status_code, answer.location) == (302, "/")
    stranger = browser(office)
    for again in (stranger.get(path), stranger.send(path, words)):
        assert (again.status_code, again.location) == (302, "/reset")


def test_an_account_without_a_password_cannot_be_entered(office, browser):
    office.load(HEADER + BJØRG)
    for guess in ("", " ", "None", "passord", "Bjørg Åsen", PASSWORD):
        answer = browser(office).send("/login", {"email": "bjorg@x.example", "password": guess})
        assert answer.status_code == 200


def test_the_password_of_the_file_is_the_password(office, browser):
    office.load(HEADER + ØYVIND.replace(PASSWORD, "blåbær på tirsdag"))
    answer = browser(office).send(
        "/login", {"email": "Øyvind Dahl", "password": "blåbær på tirsdag"}
    )
    assert answer.status_code == 302


def test_no_password_of_the_file_is_stored_or_said(office):
    done = office.load(HEADER + ØYVIND)
    assert PASSWORD not in done.stdout + done.stderr
    [(stored,)] = office.ask("SELECT passord FROM users WHERE id > 1")
    assert stored.startswith("$argon2id$")
    assert PASSWORD.encode() not in office.file.read_bytes()


def test_the_demo_is_an_office_of_sixteen(demo):
    office, done = demo
    assert (done.returncode, done.stderr) == (0, "")
    roles = office.ask("SELECT rolle, count(*) FROM users WHERE id > 1 GROUP BY rolle ORDER BY 1")
    assert roles == [("admin", 1), ("bruker", 12), ("drift", 3)]
    domains = office.ask(
        "SELECT DISTINCT substr(email, instr(email, '@')) FROM users WHERE rolle = 'bruker'"
    )
    assert len(domains) == 6
    assert any("kommune" in domain for (domain,) in domains)
    assert all(domain.endswith((".example", ".test")) for (domain,) in domains)


def test_the_demo_has_tickets_in_every_status(demo):
    office, _ = demo
    assert office.ask("SELECT count(*), count(DISTINCT tittel) FROM tickets") == [(120, 120)]
    statuses = dict(office.ask("SELECT status, count(*) FROM tickets GROUP BY status"))
    assert set(statuses) == {"åpen", "under arbeid", "lukket"}
    assert all(number >= 10 for number in statuses.values())
    assert office.ask("SELECT count(DISTINCT bruker_id) FROM tickets") == [(12,)]


REMINDERS = ("ticket.due_soon", "ticket.overdue")


def test_the_demo_was_made_through_the_rules(demo):
    """Each ticket stands as its history says, without gaps and in the order of time."""
    office, _ = demo
    now = {
        number: (status, version, updated)
        for number, status, version, updated in office.ask(
            "SELECT id, status, version, updated_at FROM tickets"
        )
    }
    told, seen = {}, {}
    for number, kind, version, changes, at in office.ask(
        "SELECT ticket_id, kind, version, changes, created_at FROM events"
        " ORDER BY ticket_id, version"
    ):
        last, before = seen.get(number, (0, ""))
        assert version == last + 1
        assert at >= before
        # A reminder is nothing that anybody did: it does not touch the ticket.
        seen[number] = (version, before if kind in REMINDERS else at)
        told[number] = json.loads(changes).get("status", [None, told.get(number, "åpen")])[1]
    assert told == {number: status for number, (status, _, _) in now.items()}
    assert seen == {number: (version, updated) for number, (_, version, updated) in now.items()}


def test_the_demo_has_people_who_talk(demo):
    office, _ = demo
    sides = office.ask(
        "SELECT m.internal, m.author_id = t.bruker_id, count(*) FROM messages m"
        " JOIN tickets t ON t.id = m.ticket_id GROUP BY 1, 2 ORDER BY 1, 2"
    )
    assert [side[:2] for side in sides] == [(0, 0), (0, 1), (1, 0)]
    assert all(number >= 40 for *_, number in sides)
    assert office.ask("SELECT count(DISTINCT ticket_id) >= 50 FROM messages") == [(1,)]
    longest = office.ask("SELECT count(*) FROM messages GROUP BY ticket_id ORDER BY 1 DESC LIMIT 3")
    assert all(6 <= number <= 10 for (number,) in longest)


def test_the_demo_shows_thanks_an_opening_again_and_a_secret(demo):
    office, _ = demo
    told = [json.loads(changes) for (changes,) in office.ask("SELECT changes FROM events")]
    assert len([1 for changes in told if "thanks" in changes]) == 2
    assert {"status": ["lukket", "åpen"]} in told
    assert office.ask("SELECT kind, value FROM secrets") == [("password", "Blåbær-2187")]
    assert office.ask("SELECT count(*) FROM messages WHERE body LIKE '%2187%'") == [(0,)]


def test_the_demo_covers_sixty_days_and_no_future(demo):
    office, _ = demo
    [(first, last)] = office.ask(
        "SELECT julianday('now') - julianday(min(created_at)),"
        " julianday('now') - julianday(max(created_at)) FROM events"
    )
    assert 50 < first < 61
    assert 0 <= last < 5


def test_the_demo_prints_its_password_once_and_it_works(demo, browser):
    office, done = demo
    [password] = re.findall(r"^ {4}(\S+)$", done.stdout, re.M)
    addresses = re.findall(r"\S+@\S+", done.stdout)
    assert len(addresses) == 7
    for email in addresses:
        answer = browser(office).send("/login", {"email": email, "password": password})
        assert answer.status_code == 302, email


def test_the_demo_has_something_in_every_view(demo, browser):
    office, done = demo
    [password] = re.findall(r"^ {4}(\S+)$", done.stdout, re.M)
    maja = browser(office)
    maja.send("/login", {"email": "maja.lindtjonn@techsupport.example", "password": password})
    for tab in TABS:
        assert 'name="rowid"' in maja.get(f"/admin/tickets/?tab={tab}").text, tab


def test_the_demo_knows_whom_people_work_for_and_what_tickets_are_about(demo):
    office, _ = demo
    [(everybody, at_work, called)] = office.ask(
        "SELECT count(*), count(organisation_id), sum(phone <> '') FROM users"
        " WHERE rolle = 'bruker'"
    )
    assert everybody == at_work == 12
    assert called >= 10
    critical = office.ask("SELECT name, contract_value FROM organisations WHERE critical")
    assert ("Fjellvik kommune", 50_000) in critical
    assert office.ask("SELECT count(DISTINCT category_id) FROM tickets") == [(6,)]
    assert office.ask("SELECT count(DISTINCT priority) FROM tickets") == [(3,)]
    assert office.ask("SELECT count(DISTINCT channel) FROM tickets") == [(4,)]
    bodies = " ".join(body for (body,) in office.ask("SELECT body FROM canned_replies"))
    assert all(place in bodies for place in ("{navn}", "{nummer}", "{behandler}"))


def test_the_demo_has_no_password_that_one_could_know(demo, office):
    _, first = demo
    second = office.seed("--demo")
    one, other = (re.findall(r"^ {4}(\S+)$", done.stdout, re.M) for done in (first, second))
    assert len(one) == len(other) == 1
    assert one != other
    assert len(one[0]) >= 12


def test_the_demo_is_made_only_in_an_empty_database(office):
    office.load(HEADER + BJØRG)
    again = office.seed("--demo")
    assert (again.returncode, again.stdout) == (1, "")
    assert "Traceback" not in again.stderr
    assert office.ask("SELECT count(*) FROM tickets") == [(0,)]
    silent = office.seed("--demo", "--if-empty")
    assert (silent.returncode, silent.stdout, silent.stderr) == (0, "", "")


def test_the_demo_twice_is_refused(demo):
    office, _ = demo
    again = office.seed("--demo")
    assert (again.returncode, again.stdout) == (1, "")
    silent = office.seed("--demo", "--if-empty")
    assert (silent.returncode, silent.stdout, silent.stderr) == (0, "", "")
    assert office.ask("SELECT count(*) FROM tickets") == [(120,)]
