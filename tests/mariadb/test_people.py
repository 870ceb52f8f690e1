"""How MariaDB finds who is calling: by indexes, with as many accounts as a large office has."""

import pytest
import sqlalchemy as sa
from flask_migrate import upgrade

from console import clock, create_app
from console.accounts import contacts, rules
from console.extensions import db
from console.models import Organisation, User, login_key
from console.models.user import family_name
from console.tickets import capture
from console.transaction import change
from tests.conftest import configuration
from tests.mariadb.test_plans import cost

PEOPLE = 20_000
FIRST = ("Kari", "Ola", "Per", "Anne", "Nina", "Bjørn", "Åse", "Mohammed", "Ingrid", "Jan")
LAST = ("Moe", "Dal", "Hansen", "Ås", "Lund", "Berg", "Haugen", "Øien", "Solli", "Vik")


def row(number, place):
    """One of the people, written straight, as only a test of many may."""
    first, last = FIRST[number % 10], LAST[number // 10 % 10]
    name = f"{first} {last} {number}"
    return {
        "brukernavn": name,
        "login_name": login_key(name),
        "family_name": family_name(login_key(name)),
        "email": f"{first.lower()}{number}@lillevik.example",
        "phone": f"9{number:07}",
        "organisation_id": place if number % 3 else None,
        "rolle": "bruker",
        "active": True,
        "fs_uniquifier": str(number),
        "created_at": clock.now(),
        "version": 1,
    }


@pytest.fixture(scope="module")
def town(new_database):
    """20 000 people with a hundred names between them, most of one organisation."""
    app = create_app(configuration(new_database("test_people")))
    with app.app_context():
        upgrade()
        with change() as session:
            system = rules.system_user(session)
            rules.create(session, system, username="Drift", email="d@x.example", role="drift")
            session.add(Organisation(name="Lillevik kommune", created_at=clock.now()))
            session.flush()
            place = session.scalars(sa.select(Organisation.id)).one()
            session.execute(sa.insert(User.__table__), [row(n, place) for n in range(PEOPLE)])
        with db.engine.begin() as connection:
            connection.execute(sa.text("ANALYZE TABLE users, organisations"))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def worker(town):
    with town.test_request_context():
        yield db.session.scalars(sa.select(User).where(User.username == "Drift")).one()
        db.session.remove()


@pytest.mark.parametrize(
    "text",
    ["ka", "kari", "Kari Moe", "kari moe 1", "moe", "Mohammed", "ås", "kari1", "kari@", "9000",
     "90000123", "kari100@lillevik.example", "Lillevik", "lil", "finnes ikke", "zzz"],
)  # fmt: skip
def test_who_is_calling_is_found_by_reading_few_rows(worker, text):
    for ask in (contacts.find, contacts.outcome):
        read, seen = cost(lambda ask=ask: ask(db.session(), worker, text))
        assert read <= 250, f"{ask.__name__}: {read} rows\n" + "\n".join(seen)
        assert len(seen) <= 6


def test_what_a_caller_has_open_is_read_from_the_index(worker):
    read, seen = cost(lambda: capture.similar(db.session(), worker, worker.id, "skriver"))
    assert read <= 100
    assert len(seen) == 1
