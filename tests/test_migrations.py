"""The schema: up and down with rows in it, and the same as the models say."""

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade

from console import create_app
from console.accounts import rules
from console.demo import office
from console.extensions import db
from console.transaction import change
from tests.conftest import configuration


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
