"""The worker's day: priority, waiting, categories, tags, organisations, merging, views."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import DATETIME, MEDIUMTEXT

revision = "0003"
down_revision = "0002"
branch_labels = depends_on = None

MOMENT = sa.DateTime().with_variant(DATETIME(fsp=6), "mysql")
LONG = sa.Text().with_variant(MEDIUMTEXT(), "mysql")
TABLE = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_danish_ci"}

CATEGORIES = (
    "Innlogging og konto",
    "E-post og kalender",
    "Skriver og skanner",
    "Nettverk og Internett",
    "PC og utstyr",
    "Programmer",
)


def exact(length: int) -> sa.types.TypeEngine:
    return sa.String(length).with_variant(sa.String(length, collation="utf8mb4_bin"), "mysql")


def one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, native_enum=False, length=20, create_constraint=True, name=name)


# Column, its type, what follows the type, what it points to.
USER_COLUMNS = (
    ("phone", "VARCHAR(20)", "NOT NULL DEFAULT ''", None),
    ("organisation_id", "INTEGER", "", "organisations"),
    ("family_name", "EXACT(128)", "NOT NULL DEFAULT ''", None),
)
TICKET_COLUMNS = (
    ("priority", "SMALLINT", "NOT NULL DEFAULT 2", None),
    ("category_id", "INTEGER", "", "categories"),
    ("organisation_id", "INTEGER", "", "organisations"),
    ("waiting_until", "MOMENT", "", None),
    ("waiting_for", "VARCHAR(20)", "", None),
    ("waiting_reason", "VARCHAR(200)", "NOT NULL DEFAULT ''", None),
    ("due_at", "MOMENT", "", None),
    ("last_public_by", "VARCHAR(20)", "NOT NULL DEFAULT 'requester'", None),
    ("merged_into_id", "INTEGER", "", "tickets"),
    ("merged_at", "MOMENT", "", None),
    ("absorbed", "INTEGER", "NOT NULL DEFAULT 0", None),
)
# Column that carries it on SQLite, name, condition.
TICKET_CHECKS = (
    ("priority", "priority", "priority BETWEEN 1 AND 3"),
    ("waiting_for", "waiting_for", "waiting_for IN ('requester', 'supplier', 'other')"),
    ("last_public_by", "last_public_by", "last_public_by IN ('requester', 'us')"),
    ("waiting_for", "waiting_for_somebody", "(waiting_until IS NULL) = (waiting_for IS NULL)"),
    ("merged_at", "merged_at_when_merged", "(merged_into_id IS NULL) = (merged_at IS NULL)"),
    ("merged_at", "closed_when_merged", "merged_into_id IS NULL OR closed_at IS NOT NULL"),
)
TICKET_INDEXES = (
    ("closed_at", "id"),
    ("closed_at", "last_public_by", "id", "waiting_until"),
    ("closed_at", "priority", "id"),
    ("closed_at", "due_at", "id"),
    ("closed_at", "waiting_until", "id"),
    ("closed_at", "tittel", "id"),
    ("closed_at", "updated_at", "id"),
    ("priority", "id"),
    ("category_id", "id"),
    ("organisation_id", "id"),
    ("channel", "id"),
    ("merged_into_id",),
    ("behandler_id", "closed_at", "id"),
    ("bruker_id", "closed_at", "id"),
)
# What these two take the place of: open tickets are those without closed_at.
FORMER_INDEXES = (("behandler_id", "status", "id"), ("bruker_id", "status", "id"))
USER_INDEXES = (("phone",), ("organisation_id", "id"), ("family_name", "id"))


def upgrade() -> None:
    categories = op.create_table(
        "categories",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("name"),
        **TABLE,
    )
    op.create_table(
        "organisations",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("critical", sa.Boolean(), nullable=False),
        sa.Column("contract_value", sa.Integer()),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.UniqueConstraint("name"),
        sa.CheckConstraint("contract_value >= 0", "contract_value"),
        **TABLE,
    )
    op.create_table(
        "organisation_domains",
        sa.Column("domain", exact(190), primary_key=True),
        sa.Column(
            "organisation_id", sa.Integer(), sa.ForeignKey("organisations.id"), nullable=False
        ),
        **TABLE,
    )
    _index("organisation_domains", "organisation_id")
    op.create_table(
        "tags",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", exact(30), nullable=False),
        sa.UniqueConstraint("name"),
        **TABLE,
    )
    op.create_table(
        "ticket_tags",
        sa.Column("ticket_id", sa.Integer(), sa.ForeignKey("tickets.id"), primary_key=True),
        sa.Column("tag_id", sa.Integer(), sa.ForeignKey("tags.id"), primary_key=True),
        **TABLE,
    )
    _index("ticket_tags", "tag_id", "ticket_id")
    op.create_table(
        "canned_replies",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("title", sa.String(80), nullable=False),
        sa.Column("body", LONG, nullable=False),
        sa.Column("editor_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.UniqueConstraint("title"),
        **TABLE,
    )
    op.create_table(
        "saved_views",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("owner_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        **TABLE,
    )
    _index("saved_views", "owner_id", "name")
    _index("saved_views", "shared", "name")
    _add_columns("users", USER_COLUMNS, ())
    _add_columns("tickets", TICKET_COLUMNS, TICKET_CHECKS)
    _whose_turn()
    _family_names()
    for columns in USER_INDEXES:
        _index("users", *columns)
    for columns in TICKET_INDEXES:
        _index("tickets", *columns)
    for columns in FORMER_INDEXES:
        op.drop_index(f"ix_tickets_{'_'.join(columns)}", "tickets")
    _link_kinds("follow_up", "related")
    op.bulk_insert(
        categories,
        [
            {"name": name, "position": number, "active": True}
            for number, name in enumerate(CATEGORIES, 1)
        ],
    )


NEW_KINDS = (
    "ticket.priority_changed",
    "ticket.put_aside",
    "ticket.woken",
    "ticket.due_changed",
    "ticket.categorised",
    "ticket.tagged",
    "ticket.merged",
    "ticket.absorbed",
    "ticket.unmerged",
    "ticket.gave_back",
    "ticket.linked",
    "ticket.unlinked",
)
NEW_ACCOUNT_KINDS = (
    "account.introduced",
    "account.phone_changed",
    "account.organisation_changed",
    "account.list_changed",
)


def downgrade() -> None:
    # The program before this one has no sentence for them, and none but the newest fill a gap.
    for table, kinds in (("events", NEW_KINDS), ("account_events", NEW_ACCOUNT_KINDS)):
        rows = sa.table(table, sa.column("kind"))
        op.execute(sa.delete(rows).where(rows.c.kind.in_(kinds)))
    op.execute("DELETE FROM ticket_links WHERE kind = 'related'")
    _link_kinds("follow_up")
    for columns in FORMER_INDEXES:
        _index("tickets", *columns)
    _drop_columns("tickets", TICKET_COLUMNS, TICKET_CHECKS, TICKET_INDEXES)
    _drop_columns("users", USER_COLUMNS, (), USER_INDEXES)
    for table in (
        "saved_views",
        "canned_replies",
        "ticket_tags",
        "tags",
        "organisation_domains",
        "organisations",
        "categories",
    ):
        op.drop_table(table)


def _whose_turn() -> None:
    """Who said the last thing on each ticket that its requester can read."""
    op.execute(
        "UPDATE tickets SET last_public_by = 'us' WHERE bruker_id <> ("
        " SELECT m.author_id FROM messages m"
        " WHERE m.ticket_id = tickets.id AND m.internal = 0"
        " ORDER BY m.id DESC LIMIT 1)"
    )


def _family_names() -> None:
    """The last word of each name that has more than one, numbers aside."""
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, login_name FROM users")).all()
    named = []
    for number, login_name in rows:
        _first, *others = [word for word in login_name.split() if not word.isdecimal()] or [""]
        if others:
            named.append({"id": number, "name": others[-1]})
    if named:
        connection.execute(sa.text("UPDATE users SET family_name = :name WHERE id = :id"), named)


def _add_columns(table: str, columns: tuple, checks: tuple) -> None:
    """Add the columns in place, on SQLite with their constraints, which it takes no other way."""
    sqlite = _is_sqlite()
    for name, kind, rest, target in columns:
        kind = kind.replace("MOMENT", "DATETIME" if sqlite else "DATETIME(6)")
        if kind.startswith("EXACT"):
            kind = kind.replace("EXACT", "VARCHAR")
            rest = rest if sqlite else f"COLLATE utf8mb4_bin {rest}"
        line = f"ALTER TABLE {table} ADD COLUMN {name} {kind} {rest}"
        if sqlite and target:
            line += f" CONSTRAINT fk_{table}_{name}_{target} REFERENCES {target} (id)"
        if sqlite:
            for _, check, condition in (c for c in checks if c[0] == name):
                line += f" CONSTRAINT ck_{table}_{check} CHECK ({condition})"
        op.execute(line)
        if not sqlite and target:
            op.create_foreign_key(f"fk_{table}_{name}_{target}", table, target, [name], ["id"])
    if not sqlite:
        for _, check, condition in checks:
            op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{check} CHECK ({condition})")


def _drop_columns(table: str, columns: tuple, checks: tuple, indexes: tuple) -> None:
    """Take them away in place; a new table would lose what points to the old one."""
    sqlite = _is_sqlite()
    if not sqlite:
        for _, check, _condition in checks:
            op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{check}")
        for name, _kind, _rest, target in columns:
            if target:
                op.drop_constraint(f"fk_{table}_{name}_{target}", table, type_="foreignkey")
    for names in indexes:
        op.drop_index(f"ix_{table}_{'_'.join(names)}", table)
    # Those first whose constraints name another column.
    order = sorted(columns, key=lambda column: column[0] not in ("waiting_for", "merged_at"))
    for name, *_ in order:
        op.execute(f"ALTER TABLE {table} DROP COLUMN {name}")


def _link_kinds(*kinds: str) -> None:
    """Let links be of these kinds. Nothing points to this table: SQLite may make it anew."""
    condition = f"kind IN ({', '.join(repr(kind) for kind in kinds)})"
    if not _is_sqlite():
        op.execute("ALTER TABLE ticket_links DROP CONSTRAINT ck_ticket_links_kind")
        op.execute(
            f"ALTER TABLE ticket_links ADD CONSTRAINT ck_ticket_links_kind CHECK ({condition})"
        )
        return
    op.rename_table("ticket_links", "old_links")
    op.drop_index("ix_ticket_links_later_id", "old_links")
    op.create_table(
        "ticket_links",
        sa.Column("earlier_id", sa.Integer(), sa.ForeignKey("tickets.id"), primary_key=True),
        sa.Column("later_id", sa.Integer(), sa.ForeignKey("tickets.id"), primary_key=True),
        sa.Column("kind", one_of("kind", *kinds), nullable=False),
    )
    _index("ticket_links", "later_id")
    op.execute("INSERT INTO ticket_links SELECT earlier_id, later_id, kind FROM old_links")
    op.drop_table("old_links")


def _is_sqlite() -> bool:
    return bool(op.get_bind().dialect.name == "sqlite")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns)
