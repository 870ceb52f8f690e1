"""A real browser on the program as it is served in production, on MariaDB.

Whoever sits before a browser is a Seat. It keeps a list of everything that went wrong behind
the person's back (console errors, blocked scripts, failed requests, requests to other hosts),
and the test fails at its end when there is any.
"""

import itertools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask_migrate import upgrade
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Request,
    Response,
    expect,
    sync_playwright,
)
from werkzeug.datastructures import FileStorage

from console import create_app
from console.accounts import rules
from console.attachments import files
from console.extensions import db
from console.models import Ticket, User
from console.tickets import open_ticket, reply
from console.transaction import change
from tests import servers
from tests.conftest import ATTACHMENTS, NAMES, PASSWORD, configuration, missing

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
PATIENCE = 20_000
expect.set_options(timeout=PATIENCE)

running = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)


@dataclass
class House:
    """The program as it is served, and a way to arrange things in it by the rules."""

    address: str
    app: Flask
    numbers: dict[str, int] = field(default_factory=dict)
    # Whose log-in all tests share, with the cookies once they have it. They never log out.
    cookies: dict[str, Any] = field(default_factory=lambda: dict.fromkeys(NAMES))

    def person(self, name: str, role: str) -> str:
        """A new account for one test; answers its username."""
        unique = f"{name} {next(running)}"
        with self.app.app_context(), change() as session:
            self.numbers[unique] = rules.create(
                session,
                rules.system_user(session),
                username=unique,
                email=f"{unique.replace(' ', '.').lower()}@kunde.example",
                role=role,
                password=PASSWORD,
            ).id
        return unique

    def ticket(self, who: str = "kari", title: str = "Skriveren er tom", **more: Any) -> int:
        """A new ticket; answers its number."""
        more.setdefault("description", "Den blinker gult, og ingenting kommer ut.")
        return self.act(who, lambda session, actor: self._open(session, actor, title, more))

    def act(self, who: str, verb: Callable[[Any, User], Any]) -> Any:
        """Run one verb as that person, behind the browsers' backs."""
        with self.app.app_context(), change() as session:
            return verb(session, session.get_one(User, self.numbers[who]))

    def say(self, who: str, ticket: int, body: str, verb: Any = reply, **more: Any) -> int:
        """A reply or another thing said on the ticket; answers the number of its Event."""

        def speak(session: Any, actor: User) -> int:
            return verb(session, actor, session.get_one(Ticket, ticket), body=body, **more).id

        return self.act(who, speak)

    def keep_file(self, who: str, name: str, content: bytes) -> int:
        """A file that is uploaded and not yet sent; answers its number."""
        with self.app.test_request_context():
            kept = files.keep(FileStorage(BytesIO(content), name))
        return self.act(who, lambda session, actor: files.add(session, actor, kept).id)

    @staticmethod
    def _open(session: Any, actor: User, title: str, more: dict[str, Any]) -> int:
        # The same words within a minute would be one ticket; the key says that they are not.
        key = f"test-{next(running)}"
        return open_ticket(session, actor, title=title, key=key, **more).ticket_id


@pytest.fixture(scope="session")
def house(new_database: Callable[[str], str]) -> Iterator[House]:
    """The program on a fresh MariaDB with the cast in it, served by two processes."""
    url = new_database("test_browser")
    app = create_app(configuration(url))
    numbers = {}
    with app.app_context():
        upgrade()
        with change() as session:
            for who, (name, email, role) in NAMES.items():
                numbers[who] = rules.create(
                    session,
                    rules.system_user(session),
                    username=name,
                    email=email,
                    role=role,
                    password=PASSWORD,
                ).id
    with servers.program(url, workers=2, ATTACHMENTS_URL=ATTACHMENTS) as address:
        yield House(address, app, numbers)
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The distribution's Chromium, one process for the whole run."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        missing("Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


class Seat:
    """A browser with one person before it, and all that went wrong in it."""

    def __init__(self, context: BrowserContext, house: House, *, shared: bool = False) -> None:
        self.context, self.house, self.shared = context, house, shared
        self.trouble: list[str] = []
        # Answers that the test provokes; any other error of a page is trouble.
        self.expected: set[int] = set()
        context.set_default_timeout(PATIENCE)
        context.on("console", self._heard)
        context.on("weberror", lambda error: self.trouble.append(f"script: {error.error}"))
        context.on("request", self._asked)
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)
        self.page = context.new_page()

    def _heard(self, message: ConsoleMessage) -> None:
        # A page that is itself an error is told of here too; _answered() knows whether it may be.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.trouble.append(f"console: {message.text} ({message.location.get('url')})")

    def _asked(self, request: Request) -> None:
        if urlsplit(request.url).netloc not in ("", urlsplit(self.house.address).netloc):
            self.trouble.append(f"another host: {request.url}")

    def _failed(self, request: Request) -> None:
        # What a page that is left still waits for counts as aborted; a download too.
        if request.failure != "net::ERR_ABORTED":
            self.trouble.append(f"failed: {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.trouble.append(f"{response.status}: {response.request.method} {response.url}")

    def go(self, path: str, status: int = 200) -> Response:
        """Open a page and expect its status."""
        if status >= 400:
            self.expected.add(status)
        response = self.page.goto(self.house.address + path)
        assert response is not None
        assert response.status == status, f"{path}: {response.status}"
        return response

    def press(self, what: str | Locator, status: int = 200) -> Response:
        """Click on what opens a page, wait for it, and expect its status."""
        if status >= 400:
            self.expected.add(status)
        target = self.find(what) if isinstance(what, str) else what
        with self.page.expect_navigation() as told:
            target.click()
        response = told.value
        assert response is not None
        assert response.status == status, f"{response.url}: {response.status}"
        return response

    def find(self, selector: str, **kwargs: Any) -> Locator:
        return self.page.locator(selector, **kwargs)

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.find(f"main [name={name}]").fill(value)

    def log_in(self, name: str) -> None:
        """Log in through the page, with one of the cast or a username."""
        self.go("/login")
        self.fill(email=NAMES[name][1] if name in NAMES else name, password=PASSWORD)
        self.press("main form button")

    def log_out(self) -> None:
        assert not self.shared, "other tests need this log-in: log in with an account of your own"
        self.menu()
        self.press("form[action$='/logout'] button")

    def menu(self) -> None:
        self.find("details.menu > summary").click()

    def row(self, ticket: int) -> Locator:
        """The row of a ticket in the worker's list."""
        return self.find("tbody tr", has=self.find(f"input[name=rowid][value='{ticket}']"))

    def listed(self) -> list[int]:
        """The numbers of the tickets in the worker's list, in its order."""
        return [int(text) for text in self.find("tbody td.number").all_inner_texts()]

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path


@pytest.fixture
def seat(chromium: Browser, house: House) -> Iterator[Callable[..., Seat]]:
    """Put somebody before a browser of his own; logged in when a name is given."""
    seats: list[Seat] = []

    def sit(who: str | None = None, **options: Any) -> Seat:
        options.setdefault("locale", "nb-NO")
        shared = who in house.cookies
        state = house.cookies[who] if shared else None
        here = Seat(chromium.new_context(storage_state=state, **options), house, shared=shared)
        seats.append(here)
        if who and not state:
            here.log_in(who)
            if shared:
                house.cookies[who] = here.context.storage_state()
        return here

    yield sit
    for taken in seats:
        taken.context.close()
    trouble = [line for taken in seats for line in taken.trouble]
    assert not trouble, "behind the person's back:\n" + "\n".join(trouble)
