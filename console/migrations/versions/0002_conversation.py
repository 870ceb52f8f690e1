"""Conversation: messages, attachments, secrets, drafts, presences, links between tickets."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import DATETIME, MEDIUMTEXT

revision = "0002"
down_revision = "0001"
branch_labels = depends_on = None

MOMENT = sa.DateTime().with_variant(DATETIME(fsp=6), "mysql")
LONG = sa.Text().with_variant(MEDIUMTEXT(), "mysql")
TABLE = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_danish_ci"}


def exact(length: int) -> sa.types.TypeEngine:
    return sa.String(length).with_variant(sa.String(length, collation="utf8mb4_bin"), "mysql")


def one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, native_enum=False, length=20, create_constraint=True, name=name)


def to(column: str, *, nullable: bool = False, name: str) -> sa.Column:
    return sa.Column(name, sa.Integer(), sa.ForeignKey(column), nullable=nullable)


def upgrade() -> None:
    # Both databases add a column in place; the default is for the rows that are there.
    op.add_column(
        "events", sa.Column("internal", sa.Boolean(), nullable=False, server_default=sa.text("0"))
    )
    op.add_column(
        "tickets",
        sa.Column("public_at", MOMENT, nullable=False, server_default="1970-01-01 00:00:00"),
    )
    op.execute("UPDATE tickets SET public_at = updated_at")
    op.create_table(
        "messages",
        sa.Column("id", sa.Integer(), primary_key=True),
        to("tickets.id", name="ticket_id"),
        to("events.id", name="event_id"),
        to("users.id", name="author_id"),
        sa.Column("body", LONG, nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("markdown", sa.Boolean(), nullable=False),
        sa.Column("submission_key", exact(80)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.UniqueConstraint("event_id"),
        sa.UniqueConstraint("submission_key"),
        **TABLE,
    )
    _index("messages", "ticket_id", "id")
    op.create_table(
        "attachments",
        sa.Column("id", sa.Integer(), primary_key=True),
        to("users.id", name="uploader_id"),
        to("tickets.id", name="ticket_id", nullable=True),
        to("messages.id", name="message_id", nullable=True),
        sa.Column("name", sa.String(150), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("caution", one_of("caution", "none", "active", "misnamed"), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("store_key", exact(64), nullable=False),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.UniqueConstraint("store_key"),
        sa.CheckConstraint("message_id IS NULL OR ticket_id IS NOT NULL", "message_on_ticket"),
        **TABLE,
    )
    _index("attachments", "ticket_id", "message_id", "id")
    _index("attachments", "ticket_id", "created_at")
    _index("attachments", "uploader_id", "ticket_id")
    op.create_table(
        "secrets",
        sa.Column("id", sa.Integer(), primary_key=True),
        to("tickets.id", name="ticket_id"),
        to("messages.id", name="message_id", nullable=True),
        sa.Column("field", sa.String(20), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", one_of("kind", "national_id", "card", "password"), nullable=False),
        sa.Column("value", sa.String(200)),
        to("users.id", name="author_id"),
        sa.Column("created_at", MOMENT, nullable=False),
        **TABLE,
    )
    _index("secrets", "ticket_id", "id")
    op.create_table(
        "drafts",
        sa.Column("id", sa.Integer(), primary_key=True),
        to("users.id", name="author_id"),
        sa.Column("place", exact(40), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("sent_key", sa.String(80), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.UniqueConstraint("author_id", "place"),
        **TABLE,
    )
    _index("drafts", "place")
    _index("drafts", "updated_at")
    op.create_table(
        "presences",
        sa.Column("ticket_id", sa.Integer(), sa.ForeignKey("tickets.id"), primary_key=True),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("typing_at", MOMENT),
        **TABLE,
    )
    _index("presences", "seen_at")
    op.create_table(
        "ticket_links",
        sa.Column("earlier_id", sa.Integer(), sa.ForeignKey("tickets.id"), primary_key=True),
        sa.Column("later_id", sa.Integer(), sa.ForeignKey("tickets.id"), primary_key=True),
        sa.Column("kind", one_of("kind", "follow_up"), nullable=False),
        **TABLE,
    )
    _index("ticket_links", "later_id")


NEW_KINDS = (
    "ticket.retitled",
    "ticket.replied",
    "ticket.noted",
    "ticket.followed_up",
    "ticket.secret_shown",
    "ticket.secret_wiped",
)


def downgrade() -> None:
    for table in (
        "ticket_links",
        "presences",
        "drafts",
        "secrets",
        "attachments",
        "messages",
    ):
        op.drop_table(table)
    # The program before this one cannot tell them, and would show notes' traces to requesters.
    events = sa.table("events", sa.column("kind"), sa.column("internal"))
    op.execute(sa.delete(events).where(sa.or_(events.c.kind.in_(NEW_KINDS), events.c.internal)))
    # In place, where Alembic's batch mode would make the table anew and lose what points to it.
    op.execute("ALTER TABLE tickets DROP COLUMN public_at")
    op.execute("ALTER TABLE events DROP COLUMN internal")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns)
