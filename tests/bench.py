"""make bench: what the pages cost with many tickets, as multiples of a floor.

The floor is a Flask page behind a log-in that reads one account and 20 indexed rows through
SQLAlchemy and PyMySQL and renders a 20-row table (tests/bench_floor.py). Everything is served
the same way, from the same MariaDB, and asked for in interleaved rounds, an office of one size
after the other; the figures are medians of the rounds.
"""

import logging
import random
import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import click
import sqlalchemy as sa
from flask import Flask
from flask_migrate import upgrade

from console import create_app, tickets
from console.models import Ticket, User
from console.notify.routing import quietly
from console.transaction import change
from tests import bench_export, bench_files, bench_outbox, servers
from tests.bench_client import Client, Cost, Reader, pages_per_second, statements
from tests.bench_fill import fill
from tests.bench_pages import WORKER, Page, in_every_order, pages
from tests.bench_words import COMMON, RARE, Writer, text_of
from tests.conftest import configuration

__all__ = ["COMMON", "RARE", "Client", "fill", "statements"]

SMALL = 1_000
ROUNDS, REPEATS = 7, 12
# A page that is slow is asked for less often: so many seconds in a round.
PATIENCE = 0.4
# With many tickets a page may cost so many times what it costs with SMALL.
GROWTH = 1.5
SERVER = (
    "--innodb-buffer-pool-size=4G",
    "--innodb-log-file-size=2G",
    "--innodb-sort-buffer-size=64M",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
)


@dataclass
class Office:
    """The program with tickets of a certain number, served, with the floor beside it."""

    size: int
    app: Flask
    pages: list[Page]
    program: str = ""
    floor: str = ""


@click.command()
@click.option(
    "--size",
    "sizes",
    multiple=True,
    type=click.IntRange(min=100),
    default=[100_000],
    show_default=True,
    help=f"How many tickets, beside {SMALL}; may be given several times.",
)
def bench(sizes: tuple[int, ...]) -> None:
    logging.disable(logging.INFO)
    with servers.mariadb(*SERVER) as server, ExitStack() as stack:
        offices = [loaded(server, size) for size in sorted({SMALL, *sizes})]
        for office in offices:
            url = str(office.app.config["SQLALCHEMY_DATABASE_URI"])
            office.program = stack.enter_context(servers.program(url))
            office.floor = stack.enter_context(floor(url))
        times = measure(offices)
        for office in offices:
            report(office, times, small=offices[0].size)
            print("\n".join([*dearest(office, times), *others(office)]))


def loaded(server: str, size: int) -> Office:
    """The program on a new database with so many tickets."""
    url = f"{server}/bench_{size}?charset=utf8mb4"
    _create(server, f"bench_{size}")
    app = create_app(configuration(url))
    with app.app_context():
        upgrade()
        say(f"loading {size} tickets …")
        fill(size)
        short, long = converse(10), converse(500)
        return Office(size, app, pages(app, size, short, long))


Times = dict[tuple[int, str], float]
FLOOR = "floor"


def measure(offices: list[Office]) -> Times:
    """The median seconds of each page of each office, in rounds that go through all in turn."""
    asked = askers(offices)
    times: dict[tuple[int, str], list[float]] = {key: [] for key in asked}
    for number in range(ROUNDS + 1):
        for key, ask in asked.items():
            took = [ask()]
            while len(took) < REPEATS and sum(took) < PATIENCE:
                took.append(ask())
            if number:  # the first round warms up
                times[key].append(statistics.median(took))
        say(f"round {number} of {ROUNDS}")
    return {key: statistics.median(values) for key, values in times.items()}


def askers(offices: list[Office]) -> dict[tuple[int, str], Callable[[], float]]:
    """What asks for each page that there is, the same page of all offices side by side."""
    asked = {}
    for office in offices:
        clients = {who: Client(office.program, who) for who in {p.who for p in office.pages}}
        asked[0, office.size, FLOOR] = Page(FLOOR, "/").asker(Client(office.floor, WORKER))
        for place, page in enumerate(office.pages, 1):
            try:
                asked[place, office.size, page.name] = page.asker(clients[page.who])
            except LookupError as missing:
                say(f"left out: {page.name} ({missing})")
    return {(size, name): asked[place, size, name] for place, size, name in sorted(asked)}


def report(office: Office, times: Times, *, small: int) -> None:
    """Print what each page costs, and whether that is what it may cost."""
    size, least = office.size, times[office.size, FLOOR]
    print(
        f"\n{size} tickets on MariaDB, 2 processes, one client; floor {least * 1000:.2f} ms\n\n"
        f"{'page':38}{'× floor':>8}{'at most':>8}{'× ' + str(small):>8}{'ms':>9}{'statements':>11}"
        f"{'rows':>8}{'bytes':>9}"
    )
    readers = {who: Reader(office.app, who) for who in {page.who for page in office.pages}}
    for page in office.pages:
        if (size, page.name) in times:
            seconds = times[size, page.name]
            before = times.get((small, page.name))
            growth = seconds / before if before and size > small else None
            cost = None if page.is_form or page.is_kept else readers[page.who].cost(page.path)
            print(line(page, size, seconds, seconds / least, growth, cost))


def line(
    page: Page, size: int, seconds: float, multiple: float, growth: float | None, cost: Cost | None
) -> str:
    limit = page.limit[size > 100_000] if page.limit else None
    over = []
    if limit and multiple > limit:
        over.append("the floor")
    if growth and growth > GROWTH:
        over.append("the small office")
    counted = f"{cost.statements:11}{cost.rows:8}{cost.size:9}" if cost else " " * 28
    verdict = f"over, against {' and '.join(over)}" if over else "ok"
    compared = f"{growth:.2f}" if growth else ""
    return (
        f"{page.name:38}{multiple:8.1f}{limit or '':>8}{compared:>8}{seconds * 1000:9.2f}"
        f"{counted}  {verdict}"
    )


def dearest(office: Office, times: Times) -> Iterator[str]:
    """The dearest of all views in all orders, each asked for a few times after the rounds."""
    client, costs = Client(office.program, WORKER), []
    for page in in_every_order(office.app):
        ask = page.asker(client)
        costs.append((statistics.median(ask() for _ in range(3)), page.name))
    costs.sort(reverse=True)
    yield f"\nof {len(costs)} views in an order, the dearest:"
    for seconds, name in costs[:5]:
        yield f"{name:38}{seconds / times[office.size, FLOOR]:8.1f}{seconds * 1000:25.2f}"


def others(office: Office) -> Iterator[str]:
    """What is not the cost of one page: many at once, memory, large files."""
    path = office.pages[0].path
    ours, theirs = pages_per_second(office.program, path), pages_per_second(office.floor, "/")
    yield (
        f"\n8 clients: {ours:.0f} pages a second of the list, {theirs:.0f} of the floor:"
        f" {ours / theirs:.2f} of it (at least 0.33)"
    )
    yield f"memory of the server's processes: {bench_files.used(office.program):.0f} MiB (PSS)"
    yield from bench_files.memory(office.program, lambda: Client(office.program, WORKER))
    yield from bench_export.memory(office.program, lambda: Client(office.program, WORKER))
    yield from bench_outbox.throughput(office.app)


def converse(many: int) -> int:
    """A ticket with so many replies of an office's length, by its requester and a worker."""
    writer = Writer(random.Random(many))
    with quietly(), change() as session:
        worker, requester = (
            session.scalars(sa.select(User).where(User.username == name)).one()
            for name in ("drift 1", "bruker 1")
        )
        title, text = text_of(writer.title(1)), text_of(writer.description(1))
        number = tickets.open_ticket(session, requester, title=title, description=text).ticket_id
        ticket = session.get_one(Ticket, number)
        for turn in range(many):
            actor, said = (worker, writer.reply()) if turn % 2 else (requester, writer.answer())
            body = f"{text_of(said)}\n{turn}"
            tickets.reply(session, actor, ticket, body=body, reopen_days=10_000)
    return number


@contextmanager
def floor(url: str) -> Iterator[str]:
    """The floor, served like the program."""
    with servers.served("tests.bench_floor", env={"FLOOR_DATABASE": url}, alive="/login") as base:
        yield base


def _create(server: str, name: str) -> None:
    engine = sa.create_engine(f"{server}/?charset=utf8mb4")
    with engine.begin() as connection:
        connection.execute(
            sa.text(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_danish_ci")
        )
    engine.dispose()


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    bench()
