"""One who asks, for make bench and the tests of the served program; and what a page costs."""

import http.client
import re
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import sqlalchemy as sa

from console.extensions import db
from tests.conftest import PASSWORD

IDLE_MAX = 5
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Client:
    """One browser, logged in, on one connection."""

    def __init__(self, base: str, who: str) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(base).netloc)
        self.cookies: dict[str, str] = {}
        self.used = time.monotonic()
        self.headers = http.client.HTTPMessage()
        try:
            token = TOKEN.search(self.ask("GET", "/login").decode())
            form = {"email": who, "password": PASSWORD, "csrf_token": token[1] if token else ""}
            self.ask("POST", "/login", urlencode(form))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self.connection.close()

    def send(
        self, method: str, path: str, body: str | bytes | None = None, more: dict | None = None
    ) -> bytes:
        """The page that answers, whatever its status; that stands in `status` afterwards."""
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        headers |= more or {}
        if time.monotonic() - self.used > IDLE_MAX:
            self.connection.close()  # the server has done so too; the next request opens it
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        self.used = time.monotonic()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        page = answer.read()
        self.status, self.headers = answer.status, answer.headers
        return page

    def ask(
        self, method: str, path: str, body: str | bytes | None = None, more: dict | None = None
    ) -> bytes:
        """The page that answers. Raises RuntimeError when it is a refusal."""
        page = self.send(method, path, body, more)
        if self.status >= 400:
            raise RuntimeError(f"{method} {path}: {self.status}")
        return page

    def token(self, path: str) -> str:
        """A CSRF token of this session, from a page with a form."""
        return re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', self.ask("GET", path))[
            1
        ].decode()  # type: ignore[index]


class Cost(NamedTuple):
    """What a page costs beside time."""

    statements: int
    rows: int
    size: int


class Reader:
    """One who opens pages in this process, where what they cost can be counted.

    Nobody else may be at work on the database server meanwhile: the rows that are read are the
    whole server's.
    """

    def __init__(self, app: Any, who: str) -> None:
        self.app, self.client = app, app.test_client()
        token = TOKEN.search(self.client.get("/login").text)[1]  # type: ignore[index]
        form = {"email": who, "password": PASSWORD, "csrf_token": token}
        self.client.post("/login", data=form)

    def cost(self, path: str) -> Cost:
        """What the page costs that has been open before."""
        self.client.get(path).get_data()
        with self.app.app_context(), db.engine.connect() as connection:
            idle = -_rows_read(connection) + _rows_read(connection)  # what asking for it reads
            before = _rows_read(connection)
            with statements(db.engine) as seen:
                size = len(self.client.get(path).get_data())
            return Cost(len(seen), _rows_read(connection) - before - idle, size)


def _rows_read(connection: sa.Connection) -> int:
    rows = connection.exec_driver_sql("SHOW GLOBAL STATUS LIKE 'Handler_read%%'").all()
    return sum(int(value) for _name, value in rows)


@contextmanager
def statements(engine: sa.Engine) -> Iterator[list[str]]:
    """The SQL statements that are run inside the block."""
    seen: list[str] = []

    def note(connection, cursor, statement, *rest):  # type: ignore[no-untyped-def]
        if not statement.startswith("BEGIN"):  # which MariaDB's driver does not say aloud
            seen.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def pages_per_second(base: str, path: str, *, clients: int = 8, seconds: float = 4) -> float:
    """How many pages so many clients get together, each asking again as soon as it has one."""
    got, together = [0] * clients, threading.Barrier(clients + 1)

    def work(number: int) -> None:
        with closing(Client(base, "drift 1")) as client:
            together.wait()
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                try:
                    client.ask("GET", path)
                    got[number] += 1
                except (OSError, http.client.HTTPException):
                    client.close()  # the server has closed it; the next request opens it

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    together.wait()
    for thread in threads:
        thread.join()
    return sum(got) / seconds
