"""Both databases, a small cast of people, and a client that inspects every page it opens."""

import atexit
import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from jinja2 import StrictUndefined
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from config import settings
from console import create_app
from console.accounts import rules
from console.extensions import db
from console.models import Event, Ticket, User
from console.notify.routing import quietly
from console.tickets import open_ticket
from console.transaction import change
from tests import servers

DATABASES = ("sqlite", "mariadb")
# Where the files of this run lie; gone with it.
ATTACHMENTS = tempfile.mkdtemp(prefix="ts-attachments-")
atexit.register(shutil.rmtree, ATTACHMENTS, ignore_errors=True)
PASSWORD = "en gul sykkel i regnet"
# argon2 as weak as it goes: its cost is measured elsewhere, not in each of a thousand log-ins.
CHEAP = {"argon2__memory_cost": 8, "argon2__time_cost": 1, "argon2__parallelism": 1}
TABLES = (
    "saved_views", "canned_replies", "ticket_tags", "tags", "organisation_domains",
    "ticket_links", "presences", "drafts", "secrets", "attachments", "messages",
    "ticket_words", "recent_words", "word_tails", "rates", "jobs", "deliveries",
    "notice_choices", "logins",
    "account_events", "events", "tickets"
)  # fmt: skip


def pytest_report_header() -> list[str]:
    found = os.environ.get("TEST_DATABASE_URL") or (
        "a private server" if servers.mariadb_is_here() else "NOT FOUND: its tests are skipped"
    )
    return [f"MariaDB: {found}"]


def missing(what: str) -> None:
    """Skip a test for want of a server or a browser; in CI nothing may be skipped."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and CI must not skip")
    pytest.skip(f"{what} is missing")


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[str]:
    """The URL of a MariaDB server that tests may make databases on."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url.rstrip("/")
    elif servers.mariadb_is_here():
        # Durable writes cost time that no test measures.
        with servers.mariadb(
            "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=256M"
        ) as url:
            yield url
    else:
        missing("MariaDB (mariadbd)")


@pytest.fixture(scope="session")
def new_database(mariadb_server: str) -> Callable[[str], str]:
    """Make an empty database on the MariaDB server and answer its URL."""

    def make(name: str) -> str:
        engine = sa.create_engine(f"{mariadb_server}/?charset=utf8mb4")
        with engine.begin() as connection:
            connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name}"))
            connection.execute(
                sa.text(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_danish_ci")
            )
        engine.dispose()
        return f"{mariadb_server}/{name}?charset=utf8mb4"

    return make


def configuration(url: str, **more: Any) -> dict[str, Any]:
    """The program's settings for a test."""
    environ = {
        "DATABASE_URL": url,
        "SECRET_KEY": servers.SECRET,
        "SECURITY_PASSWORD_SALT": servers.SECRET,
        "ATTACHMENTS_URL": ATTACHMENTS,
        **{k: v for k, v in more.items() if isinstance(v, str) and k.isupper()},
    }
    return {
        **settings(environ),
        "TESTING": True,
        "PROPAGATE_EXCEPTIONS": False,
        "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": CHEAP,
    }


@pytest.fixture(scope="session")
def applications(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """An application for each database, made at the first use and migrated."""
    made: dict[str, Flask] = {}

    def get(name: str) -> Flask:
        if name not in made:
            if name == "sqlite":
                url = f"sqlite:///{tmp_path_factory.mktemp('db') / 'test.db'}"
            else:
                url = request.getfixturevalue("new_database")("test_console")
            made[name] = create_app(configuration(url))
            made[name].test_client_class = Inspector
            # A name that a template misspells is an error and not an empty place.
            made[name].jinja_env.undefined = StrictUndefined
            with made[name].app_context():
                upgrade()
        return made[name]

    yield get
    for app in made.values():
        with app.app_context():
            db.engine.dispose()


@pytest.fixture(params=DATABASES)
def app(request: pytest.FixtureRequest, applications: Any) -> Iterator[Flask]:
    """The application on one of the two databases, empty but for roles and the system."""
    app = applications(request.param)
    app.extensions.pop("kept", None)
    with app.app_context():
        wipe()
    yield app
    with app.app_context():
        db.session.remove()


def wipe() -> None:
    with db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE tickets SET merged_into_id = NULL, merged_at = NULL"))
        connection.execute(sa.text("UPDATE deliveries SET digest_id = NULL"))
        for table in TABLES:
            connection.execute(sa.text(f"DELETE FROM {table}"))
        connection.execute(sa.text("DELETE FROM users WHERE login_name <> 'system'"))
        connection.execute(sa.text("DELETE FROM organisations"))
        connection.execute(sa.text("DELETE FROM categories WHERE id > 6"))
        connection.execute(
            sa.text("DELETE FROM roles WHERE name NOT IN ('bruker', 'drift', 'admin')")
        )


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """The application's context, for tests of rules that need no request."""
    with app.test_request_context():
        yield app


@pytest.fixture
def session(context: Flask) -> Session:
    return db.session()


@dataclass(frozen=True)
class Cast:
    """Who plays in the tests: two requesters, two workers and an admin, by account number."""

    kari: int
    per: int
    ola: int
    nina: int
    anne: int


NAMES = {
    "kari": ("Kari Moe", "kari@kunde.example", "bruker"),
    "per": ("Per Ås", "per@annen.example", "bruker"),
    "ola": ("Ola Drift", "ola@firma.example", "drift"),
    "nina": ("Nina Vakt", "nina@firma.example", "drift"),
    "anne": ("Anne Sjef", "anne@firma.example", "admin"),
}


@pytest.fixture
def cast(app: Flask) -> Cast:
    with app.app_context(), change() as session:
        system = rules.system_user(session)
        numbers = {
            who: rules.create(
                session, system, username=name, email=email, role=role, password=PASSWORD
            ).id
            for who, (name, email, role) in NAMES.items()
        }
    return Cast(**numbers)


@pytest.fixture
def people(session: Session, cast: Cast) -> Callable[[str], User]:
    """The account of one of the cast, in the test's session."""
    return lambda who: session.get_one(User, getattr(cast, who))


@pytest.fixture
def new_ticket(app: Flask, cast: Cast) -> Callable[..., int]:
    """Open a ticket by the rules, telling nobody, and answer its number."""

    def make(who: str = "kari", title: str = "Skriveren er tom", **more: Any) -> int:
        with app.app_context(), quietly(), change() as session:
            more.setdefault("description", "Den blinker gult, og ingenting kommer ut.")
            actor = session.get_one(User, getattr(cast, who))
            return open_ticket(session, actor, title=title, **more).ticket_id

    return make


@pytest.fixture
def number(new_ticket: Callable[..., int]) -> int:
    """A ticket of Kari's, by its number."""
    return new_ticket("kari")


class Inspector(FlaskClient):
    """A client that looks at every page: one h1, no id twice, no form without a way to send it."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **kwargs)
        is_page = response.mimetype == "text/html" and not response.is_streamed
        if is_page and response.text and response.status_code not in (301, 302, 303, 308):
            inspect(response)
        return response

    def token(self, path: str = "/login") -> str:
        """A CSRF token of this session."""
        page = self.get(path, follow_redirects=True)
        return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)[1]  # type: ignore[index]

    def send(self, path: str, data: dict[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        """POST a form with a fresh token."""
        return self.post(path, data={"csrf_token": self.token(), **(data or {})}, **kwargs)


def inspect(response: TestResponse) -> None:
    page = BeautifulSoup(response.text, "html5lib")
    where = f"{response.request.method} {response.request.path}"
    headings = page.find_all("h1")
    assert len(headings) == 1, f"{where}: {len(headings)} h1"
    twice = [i for i, n in Counter(e["id"] for e in page.find_all(id=True)).items() if n > 1]
    assert not twice, f"{where}: ids twice: {twice}"
    assert page.title.text.strip().split(" –")[0], f"{where}: no title"
    assert page.html["lang"] in ("nb", "en")
    for form in page.find_all("form"):
        assert form.get("action"), f"{where}: a form without an action"
        if form.get("method", "get").lower() == "post":
            assert form.find(attrs={"name": "csrf_token"}), f"{where}: a form without a token"
    for label in page.find_all("label", attrs={"for": True}):
        assert page.find(id=label["for"]), f"{where}: a label for nothing: {label['for']}"
    for image in page.find_all("img"):
        assert image.has_attr("alt"), f"{where}: a picture without words"
    assert not re.search(r"\son\w+=|javascript:|style=", response.text.split("<main")[0])
    nonce = re.search(r"'nonce-([^']+)'", response.headers["Content-Security-Policy"])[1]  # type: ignore[index]
    for script in page.find_all("script"):
        assert script["nonce"] == nonce, f"{where}: a script that the policy blocks"


@pytest.fixture
def visitor(app: Flask) -> Inspector:
    """A browser that nobody is logged in to."""
    return app.test_client()  # type: ignore[return-value]


@pytest.fixture
def browser_of(app: Flask, cast: Cast, request: pytest.FixtureRequest) -> Callable[..., Inspector]:
    """A browser that one of the cast is logged in to, through the log-in page."""

    usual = "en" if request.node.get_closest_marker("english") else "nb"

    def log_in(who: str, language: str = usual) -> Inspector:
        client: Inspector = app.test_client()  # type: ignore[assignment]
        if language != "nb":
            client.set_cookie("language", language)
        answer = client.send("/login", {"email": NAMES[who][1], "password": PASSWORD})
        assert answer.status_code == 302, f"{who} cannot log in: {answer.status_code}"
        return client

    return log_in


@pytest.fixture
def kari(browser_of: Callable[[str], Inspector]) -> Inspector:
    """A requester's browser."""
    return browser_of("kari")


@pytest.fixture
def ola(browser_of: Callable[[str], Inspector]) -> Inspector:
    """A worker's browser."""
    return browser_of("ola")


@pytest.fixture
def anne(browser_of: Callable[[str], Inspector]) -> Inspector:
    """An admin's browser."""
    return browser_of("anne")


def history_of(session: Session, ticket_id: int) -> list[str]:
    """The kinds of all that happened to a ticket, in order."""
    events = sa.select(Event.kind).where(Event.ticket_id == ticket_id).order_by(Event.version)
    return list(session.scalars(events))


def count(app: Flask, what: Any) -> int | None:
    """How many rows a table has."""
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count(what.id)))


def ticket_of(session: Session, ticket_id: int) -> Ticket:
    """The ticket as it now stands in the database."""
    session.rollback()
    return session.get_one(Ticket, ticket_id)
