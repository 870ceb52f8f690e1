"""How MariaDB reads: each list, sort, filter and search by an index, and few rows of it."""

import pytest
import sqlalchemy as sa

from console import create_app, tickets
from console.extensions import db
from console.models import Status, Ticket, User
from console.tickets import listing, lookups, queries, ready, search, words
from console.tickets.around import around
from console.tickets.listing import Listing
from tests import bench
from tests.bench import statements
from tests.conftest import configuration

SIZE = 20_000


@pytest.fixture(scope="module")
def office(new_database):
    """An office with 20 000 tickets."""
    from flask_migrate import upgrade

    app = create_app(configuration(new_database("test_plans")))
    with app.app_context():
        upgrade()
        bench.fill(SIZE)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def worker(office):
    with office.app_context():
        yield db.session.scalars(sa.select(User).where(User.username == "drift 1")).one()
        db.session.remove()


def handler_reads(connection):
    """How many rows the storage engine has handed out in this session."""
    rows = connection.execute(sa.text("SHOW SESSION STATUS LIKE 'Handler_read%'")).all()
    return sum(int(value) for _, value in rows)


def cost(ask):
    """The rows read and the statements run by ask()."""
    connection = db.session.connection()
    before = handler_reads(connection)
    with statements(db.engine) as seen:
        ask()
    return handler_reads(connection) - before, seen


PAGE = 21
# What is asked, and how many rows may be read for it: a small multiple of what is shown.
CHEAP = [
    *[({"tab": tab}, 20 * PAGE) for tab in ready.TABS],
    *[
        ({"sort": sort, "descending": descending}, 25 * PAGE)
        for sort in listing.SORTS
        for descending in (True, False)
    ],
    ({"page": 500}, 500 * 20 + 10 * PAGE),
    ({"page": 500, "sort": "requester"}, 2 * 500 * 20 * 3),
    # A word that is in a third of the tickets is in a third of the newest, which are looked at.
    ({"search": bench.COMMON}, words.RECENT + 40 * PAGE),
    ({"search": bench.RARE}, 40 * PAGE),
    ({"search": str(SIZE // 2)}, 40 * PAGE),
    ({"search": f"{bench.COMMON} {bench.RARE}"}, 3 * words.RECENT),
    ({"search": bench.COMMON, "tab": ready.UNASSIGNED, "count": 900}, 2 * words.RECENT),
    ({"search": bench.COMMON, "sort": "title"}, 2 * SIZE),
    ({"search": "finnesikke"}, PAGE),
]


@pytest.mark.parametrize(("asked", "most"), CHEAP, ids=lambda value: str(value))
def test_a_page_reads_little_more_than_it_shows(worker, asked, most):
    read, seen = cost(lambda: listing.page(db.session(), Listing(worker, **asked)))
    assert read <= most, f"{read} rows"
    assert len(seen) <= 5


def test_a_page_of_a_common_word_leaves_the_full_text_index_alone(worker):
    for asked in ({}, {"page": 20}, {"best": True}, {"tab": ready.UNASSIGNED}):
        listed = Listing(worker, search=bench.COMMON, **asked)
        _, seen = cost(lambda listed=listed: listing.page(db.session(), listed))
        assert not [line for line in seen if "AGAINST" in line], asked
    _, seen = cost(lambda: listing.page(db.session(), Listing(worker, search=bench.RARE)))
    assert len([line for line in seen if "AGAINST" in line]) == 1


def test_words_are_looked_up_in_order_of_their_indexes(worker):
    asked = search.Question(db.session(), worker, f"{bench.COMMON} kunde {bench.RARE}")
    values = asked._among_newest(1).values
    for statement in (lookups.others((True, True, True), False), lookups.newest(3)):
        written = statement.params(**values).compile(
            db.engine, compile_kwargs={"literal_binds": True}
        )
        for row in db.session.execute(sa.text(f"EXPLAIN {written}")).mappings():
            if row["table"] in ("word_tails", "user_words", "organisation_words", "recent_words"):
                assert row["type"] in ("range", "index"), row
                assert "Using index" in row["Extra"], row
                assert row["type"] == "range" or row["table"] != "recent_words", row


def test_conditions_go_by_an_index(worker):
    for condition in (
        Ticket.status == Status.IN_PROGRESS,
        Ticket.assignee_id == worker.id,
        Ticket.requester_id == worker.id + 20,
        Ticket.assignee_id.is_(None),
    ):
        plan = explain(sa.select(Ticket.id).where(condition).order_by(Ticket.id.desc()).limit(21))
        assert plan[0]["key"], plan
        assert "filesort" not in (plan[0]["Extra"] or ""), plan


@pytest.mark.parametrize("tab", ready.OF_OPEN)
@pytest.mark.parametrize("counted", [True, False])
def test_a_view_in_any_order_reads_no_more_than_what_is_open(worker, tab, counted):
    """Whether it is put in order because it is short, or comes from an index in its order."""
    many = ready.counts(db.session(), worker, "Europe/Oslo")[tab] if counted else None
    is_open = db.session.scalar(sa.select(sa.func.count()).where(ready.OPEN))
    for sort in listing.SORTS:
        for descending in (True, False):
            asked = Listing(worker, tab=tab, sort=sort, descending=descending, count=many)
            read, seen = cost(lambda asked=asked: listing.page(db.session(), asked))
            assert read <= 6 * is_open + 20 * PAGE, f"{sort}, {descending}: {read} rows"
            assert len(seen) <= 3


def test_counting_the_views_stops_at_a_thousand(worker):
    read, seen = cost(lambda: ready.counts(db.session(), worker, "Europe/Oslo"))
    assert len(seen) == 1
    assert read <= len(ready.TABS) * (queries.COUNT_MAX + 5) + 10


def test_own_tickets_are_read_from_the_index(worker):
    requester = db.session.scalars(sa.select(User).where(User.username == "bruker 1")).one()
    read, _ = cost(lambda: queries.own_tickets(db.session(), requester, page=0, size=20))
    assert read <= 5 * PAGE


def test_people_are_read_in_the_order_of_their_index(worker):
    asked = Listing(worker, sort="requester")
    values = listing._values(db.session(), asked, 0, PAGE)
    plan = explain(listing._ordered(asked, None).params(**values))
    people = [row for row in plan if (row["key"] or "").startswith("ix_users_brukernavn")]
    assert people, plan
    assert "filesort" not in (people[0]["Extra"] or ""), plan


def explain(statement):
    """MariaDB's plan for a SELECT, a dict a row."""
    compiled = statement.compile(db.engine, compile_kwargs={"render_postcompile": True})
    result = db.session.connection().exec_driver_sql(
        f"EXPLAIN {compiled.string}", compiled.construct_params() or {}
    )
    return [dict(row._mapping) for row in result]


def test_the_page_of_merged_tickets_reads_their_own_rows(worker):
    """And not the history of everybody, which has an index in the order that is asked for."""
    asks = db.session.scalars(sa.select(User).where(User.username == "bruker 1")).one()
    first, *others = (
        tickets.open_ticket(db.session(), asks, title=f"Sak {n}", description="Om den").ticket
        for n in range(4)
    )
    for other in others:
        tickets.merge(db.session(), worker, other, into=first)
    read, seen = cost(
        lambda: (
            queries.timeline(db.session(), worker, first),
            around(db.session(), worker, first),
            queries.get_visible(db.session(), worker, other.id),
        )
    )
    assert read <= 40 * PAGE, f"{read} rows"
    assert len(seen) <= 10
