"""Loading the database of make bench: an office's years, written straight, as only a bench may.

Python writes the rows into files and MariaDB reads each file in one statement, which makes a
table's indexes at the end and not row by row; the FULLTEXT indexes are made after that.
"""

import random
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from console.accounts import passwords, rules
from console.extensions import db
from console.models import Message, Organisation, OrganisationDomain, SavedView, Tag, Ticket, User
from console.tickets import search, words
from console.transaction import change
from tests.bench_words import MIDDLING, Writer, text_of, words_of
from tests.conftest import PASSWORD

WORKERS, ORGANISATIONS, DAYS = 15, 40, 700
# The newest are open: one in a hundred, and enough for a page of each tab in a small office.
OPEN_MIN = 250
TAGS = ("vpn", "hjemmekontor", "ny ansatt", "haster ikke", "leverandør", "rutine", "garanti")
VIEWS = (
    {"tab": "waiting_for_us", "filters": {"priority": "3"}},
    {"tab": "all", "filters": {"category": "3"}, "sort": "updated_at", "descending": True},
    {"tab": "mine", "sort": "due_at", "descending": False},
)
MESSAGES = (0, 1, 2, 3, 3, 3, 4, 4, 7)  # three on average
# Two tables are loaded at a time, in this order: first those that take longest.
COLUMNS = {
    "ticket_words": "ticket_id words",
    "tickets": (
        "id bruker_id organisation_id tittel beskrivelse channel category_id priority version"
        " created_at updated_at public_at last_public_by"
        " status behandler_id closed_at waiting_until waiting_for waiting_reason due_at"
    ),
    "messages": "id ticket_id event_id author_id body internal markdown created_at",
    "events": "id ticket_id version actor_id kind changes internal created_at",
    "recent_words": "ticket_id word",
    "word_tails": "tail word",
    "ticket_tags": "ticket_id tag_id",
}
CHANNELS = ("web", "web", "mail", "mail", "phone", "chat")
PRIORITIES = (3, 3, 1, 1, 1, 1, 1, *[2] * 13)  # one in ten high, one in four low
WAITING_FOR = ("requester", "supplier", "other")
Row = tuple[Any, ...]


def fill(size: int) -> None:
    """Organisations and people by the rules, then tickets with all that was said on them."""
    with change() as session:
        _people(session, _people_of(size))
    office = Office(size)
    db.session.rollback()
    with tempfile.TemporaryDirectory(prefix="ts-bench-") as folder:
        _write(office, Path(folder))
        _load(Path(folder))
    _check_words(size)


def _people_of(size: int) -> int:
    """How many ask: 100 at the least, 400 with 100 000 tickets, 2500 with a million."""
    return max(100, round(400 * (size / 100_000) ** 0.8))


def _people(session: Any, many: int) -> None:
    system = rules.system_user(session)
    organisations = [
        Organisation(
            name=f"Kunde {number}",
            critical=number % 10 == 0,
            contract_value=number * 5000,
            created_at=datetime.now(UTC),
            domains=[OrganisationDomain(domain=f"kunde{number}.example")],
        )
        for number in range(1, ORGANISATIONS + 1)
    ]
    session.add_all(organisations)
    session.flush()
    for role, how_many in (("drift", WORKERS), ("bruker", many)):
        for number in range(1, how_many + 1):
            customer = role == "bruker" and number % 10 and organisations[number % ORGANISATIONS]
            domain = f"kunde{number % ORGANISATIONS + 1}" if customer else "firma"
            account = rules.create(
                session,
                system,
                username=f"{role} {number}",
                email=f"{role}{number}@{domain}.example",
                role=role,
            )
            account.organisation_id = customer.id if customer else None
            account.password = passwords.hashed(PASSWORD) if number == 1 else None
    worker = session.scalars(sa.select(User).where(User.username == "drift 1")).one()
    session.add_all(Tag(name=name) for name in TAGS)
    session.add_all(
        SavedView(
            owner=worker, name=f"Utvalg {number}", shared=number == 3, asked=asked,
            updated_at=datetime.now(UTC),
        )
        for number, asked in enumerate(VIEWS, 1)
    )  # fmt: skip


class Office:
    """Who works and asks there, and what becomes of a ticket."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.chance = random.Random(1)
        self.writer = Writer(self.chance)
        self.now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        self.fresh = max(size // 100, min(OPEN_MIN, size // 4))
        by_role = sa.select(User.id, User.organisation_id).order_by(User.id)
        self.workers = db.session.scalars(by_role.where(User.role_name == "drift")).all()
        self.requesters = db.session.execute(by_role.where(User.role_name == "bruker")).all()
        self.tags = db.session.scalars(sa.select(Tag.id)).all()
        self.events = self.messages = 0
        self.words: set[str] = set()

    def rows(self) -> Iterator[tuple[str, Row]]:
        """The rows of all tickets, each with the name of its table."""
        for number in range(1, self.size + 1):
            yield from self.ticket(number)
        for row in words.vocabulary_rows(self.words):
            yield "word_tails", (row["tail"], row["word"])

    def ticket(self, number: int) -> Iterator[tuple[str, Row]]:
        """A ticket, what was said on it, its history, its words and perhaps a tag."""
        chance = self.chance
        # Some ask for much more than others, and the first workers have more to do.
        requester, organisation = self.requesters[int(chance.random() ** 2 * len(self.requesters))]
        handler = self.workers[int(chance.random() ** 1.6 * len(self.workers))]
        title, description = self.writer.title(number), self.writer.description(number)
        opened = self.now - timedelta(days=DAYS) * ((self.size - number + 1) / self.size)
        version, when, turn, said = 1, opened, "requester", []
        yield "events", self._event(number, 1, requester, "ticket.opened", 0, opened)
        for _ in range(chance.choice(MESSAGES)):
            version += 1
            when = min(when + timedelta(minutes=10 + chance.random() * 600), self.now)
            ours = version % 2 == 0
            note = ours and chance.random() < 0.4
            author = handler if ours else requester
            body = self.writer.reply() if ours and not note else self.writer.answer()
            said += body
            kind = "ticket.noted" if note else "ticket.replied"
            yield "events", self._event(number, version, author, kind, int(note), when)
            yield "messages", self._message(number, author, text_of(body), int(note), ours, when)
            if not note:
                turn = "us" if ours else "requester"
        yield (
            "tickets",
            (
                number, requester, organisation, text_of(title), text_of(description),
                chance.choice(CHANNELS), number % 7 or None, chance.choice(PRIORITIES),
                version, opened, when, when, turn, *self._standing(number, handler, when),
            ),
        )  # fmt: skip
        yield from self._words(
            number, requester, organisation, words_of([*title, *description, *said])
        )
        if number % 7 == 0:
            yield "ticket_tags", (number, self.tags[number % len(self.tags)])

    def _event(self, number: int, version: int, actor: int, kind: str, internal: int,
               when: datetime) -> Row:  # fmt: skip
        self.events += 1
        return self.events, number, version, actor, kind, "{}", internal, when

    def _message(self, number: int, author: int, body: str, internal: int, markdown: bool,
                 when: datetime) -> Row:  # fmt: skip
        self.messages += 1
        return (
            self.messages, number, self.events, author, body, internal, int(markdown), when
        )  # fmt: skip

    def _words(
        self, number: int, requester: int, organisation: int | None, found: set[str]
    ) -> Iterator[tuple[str, Row]]:
        """What the ticket is found by: a row a word for the newest, and one row for the others."""
        self.words |= found
        own = words.requester_word(requester), words.organisation_word(organisation)
        in_order = sorted([*found, *own])
        if number > self.size - words.RECENT:
            for word in in_order:
                yield "recent_words", (number, word)
        else:
            yield "ticket_words", (number, words.row_of(number, in_order))

    def _standing(self, number: int, handler: int, touched: datetime) -> Row:
        """Status, handler, when it was closed, until when and for whom it waits, and its date."""
        chance, age = self.chance, self.size - number
        if age >= self.fresh and number % 400:
            # Some of those that are no longer open were closed in the last hour.
            closed = self.now if age < 2 * self.fresh and number % 5 == 0 else touched
            return "lukket", handler, closed, None, None, "", None
        waits = number % 10 == 1
        until = self.now + timedelta(days=1 + chance.random() * 20) if waits else None
        reason = "Venter på deler" if waits else ""
        due = self.now + timedelta(days=chance.random() * 20 - 10) if number % 5 == 2 else None
        rest = None, until, chance.choice(WAITING_FOR) if waits else None, reason, due
        if number % 3 == 0:
            return "under arbeid", handler, *rest
        return "åpen", handler if number % 3 == 1 else None, *rest


def _write(office: Office, folder: Path) -> None:
    """A file for each table, in MariaDB's own form of a table as text."""
    with ExitStack() as stack:
        files = {
            name: stack.enter_context((folder / name).open("w", encoding="utf-8", newline="\n"))
            for name in COLUMNS
        }
        for table, row in office.rows():
            files[table].write("\t".join(map(_plain, row)) + "\n")


def _plain(value: Any) -> str:
    """A value as LOAD DATA reads it; no text of ours has a tab or a backslash."""
    if value is None:
        return "\\N"
    return value.replace("\n", "\\n") if isinstance(value, str) else str(value)


def _load(folder: Path) -> None:
    engine = sa.create_engine(db.engine.url, connect_args={"local_infile": True})
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda table: _load_table(engine, folder / table), COLUMNS))
    with engine.begin() as connection:
        connection.exec_driver_sql(f"ANALYZE TABLE {', '.join(COLUMNS)}, users")
    engine.dispose()


def _load_table(engine: sa.Engine, file: Path) -> None:
    """Read a file into the empty table of its name."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # Only without these checks are the indexes made at the end.
        for setting in ("unique_checks", "foreign_key_checks", "innodb_ft_enable_stopword"):
            connection.exec_driver_sql(f"SET SESSION {setting} = OFF")
        wordy = connection.execute(FULLTEXT, {"table": file.name}).all()
        for index, _column in wordy:
            connection.exec_driver_sql(f"ALTER TABLE {file.name} DROP INDEX {index}")
            # Made anew, or InnoDB's hidden number of the row stays, and rows that are loaded so
            # fast all get the same: none of them would be found.
            connection.exec_driver_sql(f"ALTER TABLE {file.name} FORCE, ALGORITHM=COPY")
        connection.exec_driver_sql(
            f"LOAD DATA LOCAL INFILE '{file}' INTO TABLE {file.name}"
            f" CHARACTER SET utf8mb4 ({COLUMNS[file.name].replace(' ', ', ')})"
        )
        for index, column in wordy:
            connection.exec_driver_sql(f"CREATE FULLTEXT INDEX {index} ON {file.name} ({column})")


FULLTEXT = sa.text(
    "SELECT index_name, column_name FROM information_schema.statistics"
    " WHERE table_schema = DATABASE() AND table_name = :table AND index_type = 'FULLTEXT'"
)


def _check_words(size: int) -> None:
    """Raise if the words are not those that the program would write, or are not found."""
    session = db.session()
    some = random.sample(range(1, size + 1), min(size, 200))
    for ticket in session.scalars(sa.select(Ticket).where(Ticket.id.in_(some))):
        said = session.scalars(sa.select(Message.body).where(Message.ticket_id == ticket.id))
        expected = words.ticket_words(
            ticket.requester_id, ticket.organisation_id, ticket.title, ticket.description, *said
        )
        assert words._find(session, ticket.id)[0] == set(expected), ticket.id
    worker = session.scalars(sa.select(User).where(User.username == "drift 1")).one()
    asked = search.Question(session, worker, MIDDLING)
    found = [id_ for hits in asked.stretches() for id_ in hits.newest(session, size)]
    assert len(found) == len(range(3, size + 1, 200)), len(found)
    session.rollback()
