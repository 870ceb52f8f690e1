"""What the list that stays open costs while nothing happens: the ends of a few indexes."""

import pytest
import sqlalchemy as sa
from flask_migrate import upgrade

from console import create_app
from console.accounts import rules
from console.extensions import db
from console.models import User
from console.tickets import refresh
from console.tickets.listing import Listing
from console.transaction import change
from tests.conftest import configuration

SIZE = 20_000
MANY = sa.text(
    "INSERT INTO tickets (bruker_id, tittel, beskrivelse, status, channel, version, priority,"
    " waiting_reason, last_public_by, absorbed, created_at, updated_at, public_at, closed_at,"
    " due_at)"
    " SELECT :who, CONCAT('Sak ', seq), '', IF(seq % 4, 'lukket', 'åpen'), 'web', 1, 2, '', 'us',"
    " 0, NOW() - INTERVAL seq MINUTE, NOW() - INTERVAL seq MINUTE, NOW(),"
    " IF(seq % 4, NOW(), NULL), IF(seq % 4, NULL, NOW() - INTERVAL seq SECOND)"
    f" FROM seq_1_to_{SIZE}"
)


@pytest.fixture(scope="module")
def office(new_database):
    """20 000 tickets, of which 5 000 are open and overdue."""
    app = create_app(configuration(new_database("test_refresh_cost")))
    with app.app_context():
        upgrade()
        with change() as session:
            worker = rules.create(
                session,
                rules.system_user(session),
                username="Ola",
                email="ola@firma.example",
                role="drift",
            ).id
            session.execute(MANY, {"who": worker})
        with db.engine.begin() as connection:
            connection.execute(sa.text("ANALYZE TABLE tickets"))
        yield worker
        db.session.remove()
        db.engine.dispose()


def rows_read(ask):
    """How many rows the storage engine hands out for it."""
    status = sa.text("SHOW SESSION STATUS LIKE 'Handler_read%'")
    connection = db.session.connection()
    before = sum(int(value) for _, value in connection.execute(status))
    ask()
    return sum(int(value) for _, value in connection.execute(status)) - before


def test_that_nothing_has_changed_is_read_from_the_ends_of_indexes(office):
    worker = db.session.get_one(User, office)
    read = rows_read(lambda: refresh.state(db.session(), worker, "Europe/Oslo"))
    assert read < 4 * refresh.LATEST


@pytest.mark.parametrize("tab", ["all", "unassigned", "due", "waiting_for_requester"])
def test_what_is_new_is_counted_from_the_newest_on(office, tab):
    worker = db.session.get_one(User, office)
    newest = db.session.scalar(sa.text("SELECT MAX(id) FROM tickets"))
    asked = Listing(worker, tab=tab)
    shown = range(newest - 19, newest + 1)
    for after in (newest, newest - 10):
        read = rows_read(
            lambda after=after: refresh.count_new(db.session(), asked, shown=shown, newest=after)
        )
        assert read < 100, after
    assert rows_read(lambda: refresh.gone(db.session(), asked, list(shown))) < 100
