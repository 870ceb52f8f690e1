"""make bench: what the pages cost with many tickets, as multiples of a floor.

The floor is a Flask page behind a log-in that reads one account and 20 indexed rows through
SQLAlchemy and PyMySQL and renders a 20-row table (tests/bench_floor.py). Both are served the
same way, on the same MariaDB, in interleaved rounds; the figures are medians of the rounds.
"""

import http.client
import random
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode, urlsplit

import click
import sqlalchemy as sa
from flask_migrate import upgrade

from console import create_app, tickets
from console.accounts import rules
from console.extensions import db
from console.models import Ticket, User
from console.tickets import search
from console.transaction import change
from tests import bench_files, servers
from tests.conftest import PASSWORD, configuration

PEOPLE, WORKERS = 400, 15
ROUNDS, REPEATS = 7, 12
IDLE_MAX = 5
COMMON, RARE = "skriver", "fjernskrivebordet"
WORDS = re.findall(
    r"\w+",
    """skjerm tastatur nettverk passord konto lisens faktura møterom kamera telefon mappe server
    oppdatering feilmelding regneark kalender vedlegg ruter kabel sikkerhetskopi mobil""",
)


@click.command()
@click.option("--size", default=100_000, show_default=True, help="How many tickets.")
def bench(size: int) -> None:
    with servers.mariadb("--innodb-buffer-pool-size=1G") as server:
        url = f"{server}/bench?charset=utf8mb4"
        _create(server)
        app = create_app(configuration(url))
        with app.app_context():
            upgrade()
            say(f"loading {size} tickets …")
            fill(size)
            for ticket, many in ((size // 2, 10), (size // 2 + 1, 500)):
                converse(ticket, many)
            asked = pages(size)
        with servers.program(url) as program, floor(url) as base:
            rows = measure(program, base, asked)
            memory = bench_files.memory(program, lambda: Client(program, "drift 1"))
        print(
            f"\n{size} tickets on MariaDB, 2 processes, one client;"
            f" floor {rows['floor'] * 1000:.2f} ms\n"
        )
        print(f"{'page':28}{'× floor':>9}{'ms':>8}{'statements':>12}{'bytes':>9}")
        for name, (path, who) in asked.items():
            statements, length = count(app, path, who)
            seconds = rows[name]
            print(
                f"{name:28}{seconds / rows['floor']:9.1f}{seconds * 1000:8.2f}"
                f"{statements:12}{length:9}"
            )
        usual, long = (rows[f"ticket page, {many} messages"] for many in (10, 500))
        print(f"\n500 messages cost {long / usual:.2f} times what 10 do (at most 1.5)")
        print("\n".join(memory))


def pages(size: int) -> dict[str, tuple[str, str]]:
    """The pages that are measured, and who opens them."""
    ticket, requester = size // 2, "bruker 1"
    all_ = "/admin/tickets/?tab=all"
    deep = min(500, size // 20 - 1)
    return {
        "console, first page": ("/admin/tickets/", "drift 1"),
        "all, newest": (all_, "drift 1"),
        "mine": ("/admin/tickets/?tab=mine", "drift 1"),
        "closed": ("/admin/tickets/?tab=closed", "drift 1"),
        "filtered: handler, dates": (f"{all_}&flt0_1=me&flt1_3=2026-01-01", "drift 1"),
        "filtered: requester": (f"{all_}&flt0_2={quote('bruker 7')}", "drift 1"),
        f"page {deep}": (f"{all_}&page={deep}", "drift 1"),
        "sorted by title": (f"{all_}&sort=1", "drift 1"),
        "sorted by requester": (f"{all_}&sort=2", "drift 1"),
        "sorted by status": (f"{all_}&sort=3", "drift 1"),
        "sorted by handler": (f"{all_}&sort=4", "drift 1"),
        "sorted by last touched": (f"{all_}&sort=6&desc=1", "drift 1"),
        "open, sorted by touched": ("/admin/tickets/?tab=open&sort=6", "drift 1"),
        "search, rare word": (f"{all_}&search={RARE}", "drift 1"),
        "search, common word": (f"{all_}&search={COMMON}", "drift 1"),
        "search, two words": (f"{all_}&search={quote('skjerm faktura')}", "drift 1"),
        "search, number": (f"{all_}&search={ticket}", "drift 1"),
        "ticket page, 10 messages": (f"/admin/tickets/{ticket}", "drift 1"),
        "ticket page, 500 messages": (f"/admin/tickets/{ticket + 1}", "drift 1"),
        "the day at a glance": ("/admin/", "drift 1"),
        "requester's list": ("/tickets/", requester),
    }


def measure(program: str, base: str, tickets: dict[str, tuple[str, str]]) -> dict[str, float]:
    """The median seconds of each page, in rounds that go through all of them in turn."""
    clients = {who: Client(program, who) for who in {who for _, who in tickets.values()}}
    asked: dict[str, Callable[[], float]] = {"floor": Client(base, "drift 1").timed("/")}
    asked |= {name: clients[who].timed(path) for name, (path, who) in tickets.items()}
    times: dict[str, list[float]] = {name: [] for name in asked}
    for number in range(ROUNDS + 1):
        for name, ask in asked.items():
            took = statistics.median(ask() for _ in range(REPEATS))
            if number:  # the first round warms up
                times[name].append(took)
        say(f"round {number} of {ROUNDS}")
    return {name: statistics.median(values) for name, values in times.items()}


class Client:
    """One browser, logged in, on one connection."""

    def __init__(self, base: str, who: str) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(base).netloc)
        self.cookies: dict[str, str] = {}
        self.used = time.monotonic()
        try:
            page = self.ask("GET", "/login")
            token = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', page)
            form = {"email": who, "password": PASSWORD, "csrf_token": token[1] if token else b""}
            self.ask("POST", "/login", urlencode(form))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self.connection.close()

    def ask(
        self, method: str, path: str, body: str | bytes | None = None, more: dict | None = None
    ) -> bytes:
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
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status}")
        self.status = answer.status
        return page

    def timed(self, path: str) -> Callable[[], float]:
        def ask() -> float:
            start = time.perf_counter()
            self.ask("GET", path)
            took = time.perf_counter() - start
            if self.status != 200:
                raise RuntimeError(f"GET {path}: {self.status}")
            return took

        return ask


def count(app: object, path: str, who: str) -> tuple[int, int]:
    """How many SQL statements a page costs, and how many bytes it has."""
    client = app.test_client()  # type: ignore[attr-defined]
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login").text)[1]  # type: ignore[index]
    client.post("/login", data={"email": who, "password": PASSWORD, "csrf_token": token})
    with app.app_context(), statements(db.engine) as seen:  # type: ignore[attr-defined]
        page = client.get(path)
    return len(seen), len(page.data)


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


def fill(size: int) -> None:
    """People by the rules, tickets by the thousand: written straight, as only a bench may."""
    random.seed(1)
    with change() as session:
        system = rules.system_user(session)
        for role, many in (("drift", WORKERS), ("bruker", PEOPLE)):
            for number in range(1, many + 1):
                account = rules.create(
                    session,
                    system,
                    username=f"{role} {number}",
                    email=f"{role}{number}@example.no",
                    role=role,
                )
                account.password = rules.passwords.hashed(PASSWORD) if number == 1 else None
    drift = list(db.session.scalars(sa.select(User.id).where(User.role_name == "drift")))
    bruker = list(db.session.scalars(sa.select(User.id).where(User.role_name == "bruker")))
    db.session.rollback()
    start = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=700)
    with db.engine.begin() as connection:
        for begin in range(1, size + 1, 5000):
            lot = [
                _ticket(number, size, start, drift, bruker)
                for number in range(begin, min(begin + 5000, size + 1))
            ]
            connection.execute(_INSERT_TICKET, lot)
            connection.execute(_INSERT_WORDS, lot)
            connection.execute(_INSERT_EVENT, lot)
        connection.execute(sa.text("ANALYZE TABLE tickets, ticket_words, events, users"))


_INSERT_TICKET = sa.text(
    "INSERT INTO tickets (id, bruker_id, tittel, beskrivelse, status, behandler_id, channel,"
    " version, created_at, updated_at, public_at, closed_at)"
    " VALUES (:id, :bruker, :title, :text, :status, :handler,"
    " 'web', 1, :created, :updated, :updated, :closed)"
)
_INSERT_WORDS = sa.text("INSERT INTO ticket_words (ticket_id, words) VALUES (:id, :words)")
_INSERT_EVENT = sa.text(
    "INSERT INTO events (ticket_id, version, actor_id, kind, changes, internal, created_at)"
    " VALUES (:id, 1, :bruker, 'ticket.opened', '{}', 0, :created)"
)


def _ticket(
    number: int, size: int, start: datetime, drift: list[int], bruker: list[int]
) -> dict[str, object]:
    """A ticket of a real office's shape: the old ones closed, a few hundred of the newest not."""
    created = start + timedelta(days=700) * (number / size)
    fresh = number > size - max(size // 100, 50)
    status = random.choice(["åpen", "åpen", "under arbeid"]) if fresh else "lukket"
    if not fresh and number % 400 == 0:
        status = "åpen"
    handler = random.choice(drift)
    if status == "åpen" and random.random() < 0.5:
        handler = None  # type: ignore[assignment]
    words = random.sample(WORDS, 9)
    if number % 10 < 3:
        words.append(COMMON)
    if number % 5000 == 7:
        words.append(RARE)
    title = f"{words[0].capitalize()} og {words[1]} {number % 977}"
    text = f"{' '.join(words)} siden mandag, sak {number}. " * 3
    updated = created + timedelta(hours=random.random() * 50)
    return {
        "id": number,
        "bruker": random.choice(bruker),
        "title": title,
        "text": text,
        "status": status,
        "handler": handler,
        "created": created,
        "updated": updated,
        "closed": updated if status == "lukket" else None,
        "words": search.indexed(f"{title} {text}"),
    }


def converse(ticket_id: int, many: int) -> None:
    """Replies of an office's length on one ticket, by its requester and a worker in turn."""
    with change() as session:
        ticket = session.get_one(Ticket, ticket_id)
        worker = session.scalars(sa.select(User).where(User.username == "drift 1")).one()
        for number in range(many):
            actor = worker if number % 2 else ticket.requester
            words = " ".join(random.choices(WORDS, k=45))
            body = f"Hei!\n\n{words}, **{number}**:\n\n- {words[:60]}\n- se https://example.no/{number}"
            tickets.reply(session, actor, ticket, body=body, reopen_days=10_000)


@contextmanager
def floor(url: str) -> Iterator[str]:
    """The floor, served like the program."""
    with servers.served("tests.bench_floor", env={"FLOOR_DATABASE": url}, alive="/login") as base:
        yield base


def _create(server: str) -> None:
    engine = sa.create_engine(f"{server}/?charset=utf8mb4")
    with engine.begin() as connection:
        connection.execute(
            sa.text("CREATE DATABASE bench CHARACTER SET utf8mb4 COLLATE utf8mb4_danish_ci")
        )
    engine.dispose()


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    bench()
