"""How Alembic meets our database: the application's engine, and SQLite in batch mode."""

from typing import Any

from alembic import context
from flask import current_app

import console.models  # noqa: F401 (the tables register themselves)
from console.extensions import db


def ours(name: str | None, kind: str, parents: Any) -> bool:
    """The word index is made by hand in a migration, differently on the two databases."""
    return not (kind == "table" and (name or "").startswith("ticket_words"))


def run() -> None:
    with db.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
            include_name=ours,
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("migrations are run against a database, not written to a file")
assert current_app
run()
