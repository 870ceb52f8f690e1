"""The program in its processes, people who use it by HTTP, and the books that must balance."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.pool import NullPool

from console.notify import message_ids
from console.transaction import passes
from tests import servers
from tests.bench_client import Client
from tests.conftest import NAMES, TABLES
from tests.mariadb.sink import Sink
from tests.servers import MariaDB

PATIENCE = 20.0
OWED = ("waiting", "deferred")


def until(found: Callable[[], Any], what: str, *, seconds: float = PATIENCE) -> Any:
    """Wait until it is so; answers what was found."""
    end = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.1)
    return answer


class Ledger:
    """What people were told has been saved."""

    def __init__(self) -> None:
        self.tickets: list[int] = []
        self.replies: list[tuple[int, str]] = []
        self.seconds: list[float] = []


class House:
    """The database and the mail server of the test, and what runs between them."""

    def __init__(self, mariadb: MariaDB, url: str, app: Flask, base: str, env: dict) -> None:
        self.mariadb, self.url, self.app, self.base, self.env = mariadb, url, app, base, env
        self.engine = sa.create_engine(url, poolclass=NullPool, isolation_level="READ COMMITTED")
        self.sink, self.ledger = Sink(), Ledger()
        self.people: dict[str, Client] = {}
        self.tokens: dict[str, str] = {}

    # --- the database

    def run(self, statement: str, **values: Any) -> int:
        for _ in range(20):
            try:
                with self.engine.begin() as connection:
                    return connection.execute(sa.text(statement), values).rowcount
            except sa.exc.OperationalError as error:
                if not passes(error):  # two who change the same rows: again
                    raise
        raise AssertionError(f"never got through: {statement}")

    def rows(self, statement: str, **values: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(sa.text(statement), values))

    def one(self, statement: str, **values: Any) -> Any:
        return self.rows(statement, **values)[0][0]

    def wipe(self) -> None:
        """Forget what earlier tests did; the people stay, and stay logged in."""
        self.run("UPDATE tickets SET merged_into_id = NULL, merged_at = NULL")
        self.run("UPDATE deliveries SET digest_id = NULL")
        for table in TABLES:
            if table not in ("logins", "account_events"):
                self.run(f"DELETE FROM {table}")
        self.ledger = Ledger()
        self.sink.reset()

    def pass_time(self, minutes: int = 100) -> None:
        """Let it be that much later for all that has a time, but for what is in hand."""
        ago = f"- INTERVAL {int(minutes)} MINUTE"
        self.run(
            f"UPDATE deliveries d LEFT JOIN jobs j ON j.name = 'deliver' AND j.about = d.id"
            f" SET d.run_at = d.run_at {ago}, j.run_at = j.run_at {ago}"
            f" WHERE d.state IN ('waiting', 'deferred', 'sending', 'gathered')"
            f" AND j.token IS NULL"
        )

    def end_leases(self) -> None:
        """Let the leases of the dead run out."""
        self.run("UPDATE jobs SET leased_until = leased_until - INTERVAL 10 MINUTE")

    def states(self) -> Counter[str]:
        found = self.rows("SELECT state, COUNT(*) FROM deliveries GROUP BY state")
        return Counter(dict(tuple(row) for row in found))

    def drained(self) -> bool:
        """Whether nothing is owed any more."""
        return not sum(self.states()[state] for state in (*OWED, "sending"))

    def is_idle(self) -> bool:
        """Whether nothing can be done now."""
        return not self.one("SELECT COUNT(*) FROM jobs WHERE run_at <= UTC_TIMESTAMP(6)")

    # --- the processes

    @contextmanager
    def worker(self, **env: str) -> Iterator[subprocess.Popen[bytes]]:
        """A worker process; what it wrote is at `log`."""
        with tempfile.NamedTemporaryFile("w+", suffix=".log") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "flask", "--app", "console", "worker"],
                cwd=servers.ROOT, env=servers.clean({**self.env, **env}), stdout=log, stderr=log,
            )  # fmt: skip
            written = Path(log.name)
            try:
                until(lambda: "is looking" in written.read_text(), "a worker that runs")
                yield process
                assert process.poll() in (None, 0, -signal.SIGKILL), written.read_text()
            finally:
                process.terminate()
                process.wait(PATIENCE)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """As when the machine goes down."""
        os.kill(process.pid, signal.SIGKILL)
        process.wait(5)

    # --- people

    def person(self, who: str) -> Client:
        """Somebody at his browser."""
        if who not in self.people:
            self.people[who] = Client(self.base, NAMES[who][1])
            self.people[who].cookies["language"] = "en"
            self.tokens[who] = self.people[who].token("/tickets/new")
        return self.people[who]

    def post(self, who: str, path: str, **form: str) -> str:
        """Send a form; answers where it leads. Raises when it was not taken."""
        client, began = self.person(who), time.monotonic()
        client.ask("POST", path, urlencode({"csrf_token": self.tokens[who], **form}))
        if client.status != 303:
            raise RuntimeError(f"{path}: {client.status}")
        self.ledger.seconds.append(time.monotonic() - began)
        return client.headers["Location"]

    def open(self, who: str, title: str) -> int:
        """Write a ticket; answers its number."""
        place = self.post(who, "/tickets/new", title=title, description="Det haster litt.")
        number = int(re.search(r"/tickets/(\d+)", place)[1])  # type: ignore[index]
        self.ledger.tickets.append(number)
        return number

    def reply(self, who: str, number: int, body: str) -> None:
        self.post(who, f"/admin/tickets/{number}/reply", body=body)
        self.ledger.replies.append((number, body))

    def work(self, tickets: int, replies: int, name: str = "Sak") -> list[int]:
        """So many tickets of Kari and Per, with so many answers of Ola on each."""
        numbers = [
            self.open("kari" if n % 2 else "per", f"{name} nummer {n}") for n in range(tickets)
        ]
        for turn in range(replies):
            for number in numbers:
                self.reply("ola", number, f"Svar {turn} på {number}")
        return numbers

    # --- the books

    def balance(self, *, twice: int = 0, lost: int = 0) -> None:
        """Nothing is lost and nothing came twice.

        But `twice` mails of which a second copy was let through by what the test did; and `lost`
        copies that were taken of messages which have ended as not sent.
        """
        with self.app.app_context():
            copies = {message_ids.read(m): n for m, n in self.sink.copies().items()}
        assert None not in copies, "a mail that is none of ours"
        due = {job.about: job for job in self.rows("SELECT * FROM jobs WHERE name = 'deliver'")}
        second = 0
        for row in self.rows("SELECT * FROM deliveries"):
            job, told = due.pop(row.id, None), f"{row.id} {row.topic} {row.state} {row.error!r}"
            assert (job is not None) == (row.state in OWED), told
            assert job is None or (job.token is None and job.failures == 0), told
            assert row.state != "sending", told
            assert row.state not in ("failed", "cancelled", "deferred") or row.error, told
            if row.channel == "mail":
                number = copies.pop(row.id, 0)
                if row.digest_id:
                    assert number == 0, f"{told}: told by the digest"
                elif row.state == "sent":
                    assert number in (1, 2), f"{told}: {number} copies"
                    second += number == 2
                elif number:
                    lost -= number
        assert (due, copies) == ({}, {}), "of nothing that is owed"
        assert second <= twice
        assert lost >= 0
        self.is_all_there()

    def is_all_there(self) -> None:
        """What was acknowledged is stored, once, and so is the message that it is owed."""
        stored = Counter(row.id for row in self.rows("SELECT id FROM tickets"))
        assert set(self.ledger.tickets) <= set(stored)
        receipts = self.rows("SELECT ticket_id FROM deliveries WHERE topic = 'receipt'")
        assert Counter(row.ticket_id for row in receipts) == stored
        told = Counter(
            (row.ticket_id, row.body)
            for row in self.rows(
                "SELECT m.ticket_id, m.body FROM messages m JOIN deliveries d"
                " ON d.event_id = m.event_id AND d.topic = 'reply'"
            )
        )
        assert set(self.ledger.replies) <= set(told)
        assert set(told.values()) <= {1}
        said = self.one("SELECT COUNT(*) FROM messages WHERE NOT internal AND author_id IN"
                        " (SELECT id FROM users WHERE rolle <> 'bruker')")  # fmt: skip
        assert said == sum(told.values())
        names = Counter(
            row.name for row in self.rows("SELECT name FROM jobs WHERE name <> 'deliver'")
        )
        assert set(names.values()) <= {1}
