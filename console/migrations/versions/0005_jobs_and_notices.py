"""Jobs for worker processes, and an outbox that knows whom it tells what, by which way."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import DATETIME

revision = "0005"
down_revision = "0004"
branch_labels = depends_on = None

MOMENT = sa.DateTime().with_variant(DATETIME(fsp=6), "mysql")
TABLE = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_danish_ci"}

FORMER_STATES = ("waiting", "sending", "sent", "failed")
STATES = (*FORMER_STATES, "deferred", "gathered", "stopped", "cancelled", "bounced")
CHANNELS = ("mail", "sms", "chat", "team")
TOPICS = (
    "account", "receipt", "reply", "taken", "closed", "reopened", "assigned", "answered", "pool",
    "high", "due_soon", "overdue", "undelivered", "digest", "alarm"
)  # fmt: skip
INDEXES = (
    ("event_id",),
    ("ticket_id", "recipient", "id"),
    ("recipient_id", "state"),
    ("recipient", "sent_at"),
    ("automatic", "created_at"),
    ("digest_id",),
)
POINTERS = (("ticket_id", "tickets"), ("recipient_id", "users"), ("digest_id", "deliveries"))
NEW_KINDS = ("ticket.due_soon", "ticket.overdue", "ticket.undelivered", "ticket.taken_back")
NEW_ACCOUNT_KINDS = ("account.notices_chosen",)
# Table, column, its type, what follows the type.
COLUMNS = (
    ("users", "language", "VARCHAR(2)", "NOT NULL DEFAULT 'nb'"),
    ("users", "contact_by", "VARCHAR(20)", "NOT NULL DEFAULT 'mail'"),
    ("users", "chat_url", "VARCHAR(500)", "NOT NULL DEFAULT ''"),
    ("users", "wakes", "BOOLEAN", "NOT NULL DEFAULT 1"),
    ("tickets", "due_told", "SMALLINT", "NOT NULL DEFAULT 0"),
    ("messages", "withdrawn_at", "MOMENT", ""),
)
CONTACT = "contact_by IN ('mail', 'sms', 'none')"


def one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, native_enum=False, length=20, create_constraint=True, name=name)


def among(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("about", sa.Integer(), nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("run_at", MOMENT),
        sa.Column("leased_until", MOMENT),
        sa.Column("token", sa.String(32)),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(255), nullable=False),
        sa.Column("done_at", MOMENT),
        sa.UniqueConstraint("name", "about"),
        **TABLE,
    )
    _index("jobs", "lane", "run_at", "id")
    op.create_table(
        "notice_choices",
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("topic", one_of("topic", *TOPICS), primary_key=True),
        sa.Column("channel", one_of("channel", *CHANNELS), primary_key=True),
        sa.Column("chosen", sa.Boolean(), nullable=False),
        **TABLE,
    )
    for table, name, kind, rest in COLUMNS:
        kind = kind.replace("MOMENT", "DATETIME" if _is_sqlite() else "DATETIME(6)")
        line = f"ALTER TABLE {table} ADD COLUMN {name} {kind} {rest}"
        if _is_sqlite() and name == "contact_by":
            line += f" CONSTRAINT ck_users_contact_by CHECK ({CONTACT})"
        op.execute(line)
    if not _is_sqlite():
        op.execute(f"ALTER TABLE users ADD CONSTRAINT ck_users_contact_by CHECK ({CONTACT})")
    with op.batch_alter_table("deliveries") as table:
        table.drop_constraint(op.f("ck_deliveries_state"), type_="check")
        table.add_column(sa.Column("ticket_id", sa.Integer()))
        table.add_column(sa.Column("recipient_id", sa.Integer()))
        table.add_column(sa.Column("digest_id", sa.Integer()))
        table.add_column(sa.Column("automatic", sa.Boolean(), nullable=False, server_default="0"))
        table.add_column(
            sa.Column("topic", sa.String(20), nullable=False, server_default="account")
        )
        for column, target in POINTERS:
            table.create_foreign_key(f"fk_deliveries_{column}_{target}", target, [column], ["id"])
        table.create_check_constraint("state", among("state", STATES))
        table.create_check_constraint("channel", among("channel", CHANNELS))
        table.create_check_constraint("topic", among("topic", TOPICS))
    for columns in INDEXES:
        _index("deliveries", *columns)
    # What was owed is owed still.
    op.execute(
        "INSERT INTO jobs (name, about, lane, run_at, failures, error)"
        " SELECT 'deliver', id, 1, run_at, 0, '' FROM deliveries"
        " WHERE state IN ('waiting', 'sending')"
    )


def downgrade() -> None:
    # The program before this one can tell neither these nor what became of them, and it would
    # send what waits here as an empty mail.
    op.execute("UPDATE messages SET body = '' WHERE withdrawn_at IS NOT NULL")
    op.execute("UPDATE deliveries SET digest_id = NULL, event_id = NULL")
    op.execute("DELETE FROM deliveries WHERE topic <> 'account' OR channel <> 'mail'")
    op.execute("UPDATE deliveries SET state = 'waiting' WHERE state IN ('deferred', 'stopped')")
    op.execute(f"UPDATE deliveries SET state = 'failed' WHERE NOT {among('state', FORMER_STATES)}")
    for kinds, table in ((NEW_KINDS, "events"), (NEW_ACCOUNT_KINDS, "account_events")):
        op.execute(f"DELETE FROM {table} WHERE {among('kind', kinds)}")
    with op.batch_alter_table("deliveries") as table:
        for column, target in POINTERS:
            table.drop_constraint(f"fk_deliveries_{column}_{target}", type_="foreignkey")
        for name in ("state", "channel", "topic"):
            table.drop_constraint(op.f(f"ck_deliveries_{name}"), type_="check")
    # (That on event_id stays on MariaDB: its foreign key needs one.)
    for columns in INDEXES:
        if _is_sqlite() or columns != ("event_id",):
            op.drop_index(f"ix_deliveries_{'_'.join(columns)}", "deliveries")
    with op.batch_alter_table("deliveries") as table:
        for column in ("ticket_id", "recipient_id", "digest_id", "automatic", "topic"):
            table.drop_column(column)
        table.create_check_constraint("state", among("state", FORMER_STATES))
    if not _is_sqlite():
        op.execute("ALTER TABLE users DROP CONSTRAINT ck_users_contact_by")
    for table, name, *_ in COLUMNS:
        op.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
    op.drop_table("notice_choices")
    op.drop_table("jobs")


def _is_sqlite() -> bool:
    return bool(op.get_bind().dialect.name == "sqlite")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns, if_not_exists=True)
