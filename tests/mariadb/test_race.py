"""Many who take the same ticket in the same moment, on three server processes: one gets it."""

import threading
from contextlib import ExitStack, closing
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from flask_migrate import upgrade

from console import create_app, tickets
from console.accounts import rules
from console.extensions import db
from console.models import Event, Ticket, User
from console.transaction import change
from tests import servers
from tests.bench_client import Client
from tests.conftest import PASSWORD, configuration

ROUNDS, WORKERS, PILE = 200, 16, 20


@pytest.fixture(scope="module")
def house(new_database):
    """The program's database with sixteen workers, and a ticket for each round."""
    app = create_app(configuration(new_database("test_race")))
    with app.app_context():
        upgrade()
        with change() as session:
            system = rules.system_user(session)
            for number in range(WORKERS):
                rules.create(
                    session, system, username=f"Drift {number:02}", role="drift",
                    email=f"drift{number}@firma.example", password=PASSWORD,
                )  # fmt: skip
            kari = rules.create(
                session, system, username="Kari Moe", email="kari@kunde.example", role="bruker",
                password=PASSWORD,
            )  # fmt: skip
            for number in range(ROUNDS + PILE):
                tickets.open_ticket(session, kari, title=f"Sak {number}", description="Straks.")
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="module")
def workers(house):
    """The sixteen, logged in to the three processes, each with a token for forms."""
    url = house.config["SQLALCHEMY_DATABASE_URI"]
    with servers.program(url, workers=3) as base, ExitStack() as stack:
        clients = []
        for number in range(WORKERS):
            client = stack.enter_context(closing(Client(base, f"Drift {number:02}")))
            client.cookies["language"] = "en"
            clients.append((client, client.token("/admin/")))
        yield clients


@pytest.fixture
def numbers(house):
    """The tickets, by number."""
    with house.app_context():
        return list(db.session.scalars(sa.select(Ticket.id).order_by(Ticket.id)))


def all_at_once(workers, rounds, form_of):
    """Let all send a form in the same moment, round by round; the answers of each round."""
    together = threading.Barrier(WORKERS, timeout=30)
    answers = [[None] * WORKERS for _ in rounds]

    def work(who):
        client, token = workers[who]
        for place, asked in enumerate(rounds):
            path, form = form_of(asked)
            body = urlencode({"csrf_token": token, **form}, doseq=True)
            together.wait()
            page = client.send("POST", path, body)
            answers[place][who] = (client.status, page.decode())

    threads = [threading.Thread(target=work, args=(who,)) for who in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def takers(house, numbers):
    """Who took each ticket, by its history, and who has it now."""
    with house.app_context():
        taken = db.session.execute(
            sa.select(Event.ticket_id, User.username)
            .join(User, Event.actor_id == User.id)
            .where(Event.kind == "ticket.taken", Event.ticket_id.in_(numbers))
            .order_by(Event.ticket_id)
        ).all()
        has = db.session.execute(
            sa.select(Ticket.id, User.username)
            .outerjoin(User, Ticket.assignee_id == User.id)
            .where(Ticket.id.in_(numbers))
            .order_by(Ticket.id)
        ).all()
    return [tuple(row) for row in taken], [tuple(row) for row in has]


def test_two_hundred_times_one_of_sixteen_gets_the_ticket(house, workers, numbers):
    rounds = numbers[:ROUNDS]
    answers = all_at_once(workers, rounds, lambda number: (f"/admin/tickets/{number}/take", {}))
    winners = []
    for number, answered in zip(rounds, answers, strict=True):
        assert {status for status, _page in answered} == {303, 409}, number
        won = [who for who, (status, _page) in enumerate(answered) if status == 303]
        assert len(won) == 1, number
        winners.append((number, f"Drift {won[0]:02}"))
        for status, page in answered:
            assert status == 303 or f"{winners[-1][1]} has already taken this ticket." in page
    taken, has = takers(house, rounds)
    assert taken == winners, "one event each, of the one who was told that it is his"
    assert has == winners
    assert len({who for _number, who in winners}) > 1, "it was a race"


def test_a_pile_that_all_take_at_once_is_shared_out_without_rest(house, workers, numbers):
    pile = numbers[ROUNDS:]
    form = {"action": "take", "rowid": pile, "url": "/admin/tickets/"}
    [answered] = all_at_once(workers, [pile], lambda _pile: ("/admin/tickets/action/", form))
    assert {status for status, _page in answered} <= {200, 302, 303}
    taken, has = takers(house, pile)
    assert [number for number, _who in taken] == pile, "one event each"
    assert taken == has
