"""The schema: up and down with rows in it, and the same as the models say."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import select

from console import create_app, tickets
from console.accounts import rules
from console.demo import office
from console.extensions import db
from console.models import Delivery, DeliveryState, Topic
from console.tickets.undelivered import undelivered
from console.transaction import change
from tests.conftest import configuration

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "mariadb"])
def empty(request, tmp_path):
    """An application on an empty database."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'migrations.db'}"
    else:
        url = request.getfixturevalue("new_database")("test_migrations")
    app = create_app(configuration(url))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def tables():
    return {
        name for name in sa.inspect(db.engine).get_table_names() if "ticket_words_" not in name
    } - {"alembic_version"}


def test_up_down_and_up_again_with_rows_in_the_tables(empty):
    upgrade()
    with change() as session:
        office.build(session, timezone="Europe/Oslo")
    assert "tickets" in tables()
    downgrade(revision="base")
    assert tables() == set()
    upgrade()
    with change() as session:
        assert rules.system_user(session).username == "Systemet"
        assert session.scalar(sa.text("SELECT COUNT(*) FROM tickets")) == 0


def test_one_step_down_leaves_no_trace_of_notes_and_loses_no_ticket(empty):
    upgrade()
    with change() as session:
        office.build(session, timezone="Europe/Oslo")
        assert session.scalar(sa.text("SELECT COUNT(*) FROM events WHERE internal = 1"))
    downgrade(revision="0001")
    upgrade()
    kinds = "SELECT COUNT(*) FROM events WHERE kind IN ('ticket.noted', 'ticket.replied')"
    with change() as session:
        assert session.scalar(sa.text(kinds)) == 0
        assert session.scalar(sa.text("SELECT COUNT(*) FROM tickets")) == 120
        far = "SELECT COUNT(*) FROM tickets WHERE public_at <> updated_at"
        assert session.scalar(sa.text(far)) == 0


OWED = (
    "INSERT INTO deliveries (recipient, channel, subject, body, state, tries, run_at, created_at,"
    " error) VALUES ('kari@kunde.example', 'mail', 'Lenke', 'Hei', :state, 0, :now, :now, '')"
)


def test_what_is_owed_survives_a_step_up_and_nothing_else_a_step_down(empty):
    upgrade(revision="0004")
    with change() as session:
        for state in ("waiting", "sending", "sent", "failed"):
            session.execute(sa.text(OWED), {"state": state, "now": "2026-11-20 12:00:00"})
    upgrade()
    with change() as session:
        jobs = "SELECT d.state FROM jobs j JOIN deliveries d ON d.id = j.about ORDER BY d.id"
        assert session.scalars(sa.text(jobs)).all() == ["waiting", "sending"]
        system = rules.system_user(session)
        kari = rules.create(
            session, system, username="Kari Moe", email="kari@kunde.example", role="bruker"
        )
        ticket = tickets.open_ticket(session, kari, title="Skriver", description="Tom").ticket
        tickets.reply(session, system, ticket, body="Vi ser på det")
        owed = session.scalars(select(Delivery).where(Delivery.topic != Topic.ACCOUNT)).all()
        session.add(Delivery(recipient="x", topic=Topic.DIGEST, run_at=NOW, created_at=NOW))
        session.flush()
        owed[0].digest_id, owed[0].state = owed[-1].id, DeliveryState.GATHERED
        undelivered(session, system, ticket, owed[-1])
        account = select(Delivery).where(Delivery.topic == Topic.ACCOUNT).order_by(Delivery.id)
        for row, state in zip(session.scalars(account), ("deferred", "stopped"), strict=False):
            row.state = DeliveryState(state)
    downgrade(revision="0004")
    with change() as session:
        left = session.execute(sa.text("SELECT channel, state FROM deliveries ORDER BY id")).all()
        assert [tuple(row) for row in left] == [
            ("mail", state) for state in ("waiting", "waiting", "sent", "failed")
        ]
        kinds = "SELECT COUNT(*) FROM events WHERE kind = 'ticket.undelivered'"
        assert session.scalar(sa.text(kinds)) == 0
    upgrade()


def test_the_models_say_what_the_migrations_make(empty):
    upgrade()

    def ours(thing, name, kind, reflected, other):
        return not (kind == "table" and name.startswith("ticket_words"))

    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": ours}
        )
        assert compare_metadata(context, db.metadata) == []


def test_the_roles_are_made_by_the_migration(empty):
    upgrade()
    with change() as session:
        found = session.execute(sa.text("SELECT name, permissions FROM roles ORDER BY id")).all()
    assert [tuple(row) for row in found] == [
        ("bruker", ""),
        ("drift", "work"),
        ("admin", "work,administer"),
    ]
