"""The brief: roles, users, tickets, their history, log-ins, the outbox and the word index."""

import uuid
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import DATETIME, MEDIUMTEXT

revision = "0001"
down_revision = None
branch_labels = depends_on = None

MOMENT = sa.DateTime().with_variant(DATETIME(fsp=6), "mysql")
LONG = sa.Text().with_variant(MEDIUMTEXT(), "mysql")
# In danish_ci å is a letter of its own, after z; in unicode_ci it would equal a.
TABLE = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_danish_ci"}


def exact(length: int) -> sa.types.TypeEngine:
    return sa.String(length).with_variant(sa.String(length, collation="utf8mb4_bin"), "mysql")


def one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, native_enum=False, length=20, create_constraint=True, name=name)


def upgrade() -> None:
    roles = op.create_table(
        "roles",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("description", sa.String(200), nullable=False),
        sa.Column("permissions", sa.String(500), nullable=False),
        sa.UniqueConstraint("name"),
        **TABLE,
    )
    users = op.create_table(
        "users",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("brukernavn", sa.String(64), nullable=False),
        sa.Column("login_name", exact(128), nullable=False),
        sa.Column("email", exact(254), nullable=False),
        sa.Column("passord", sa.String(255)),
        sa.Column("rolle", sa.String(40), sa.ForeignKey("roles.name"), nullable=False),
        sa.Column("requested_role", sa.String(40), sa.ForeignKey("roles.name")),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("fs_uniquifier", sa.String(64), nullable=False),
        sa.Column("confirmed_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.UniqueConstraint("login_name"),
        sa.UniqueConstraint("email"),
        sa.UniqueConstraint("fs_uniquifier"),
        **TABLE,
    )
    _index("users", "brukernavn", "id")
    _index("users", "rolle", "active", "id")
    _index("users", "requested_role", "id")
    op.create_table(
        "tickets",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("bruker_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("tittel", sa.String(200), nullable=False),
        sa.Column("beskrivelse", LONG, nullable=False),
        sa.Column("status", one_of("status", "åpen", "under arbeid", "lukket"), nullable=False),
        sa.Column("behandler_id", sa.Integer(), sa.ForeignKey("users.id")),
        sa.Column(
            "channel", one_of("channel", "web", "mail", "phone", "chat", "api"), nullable=False
        ),
        sa.Column("submission_key", exact(80)),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT),
        sa.UniqueConstraint("submission_key"),
        sa.CheckConstraint(
            "status <> 'under arbeid' OR behandler_id IS NOT NULL", "worked_by_someone"
        ),
        sa.CheckConstraint(
            "(status = 'lukket') = (closed_at IS NOT NULL)", "closed_at_when_closed"
        ),
        **TABLE,
    )
    _index("tickets", "behandler_id", "status", "id")
    _index("tickets", "behandler_id", "id")
    _index("tickets", "status", "id")
    _index("tickets", "bruker_id", "status", "id")
    _index("tickets", "bruker_id", "id")
    _index("tickets", "tittel", "id")
    _index("tickets", "created_at", "id")
    _index("tickets", "updated_at", "id")
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("ticket_id", sa.Integer(), sa.ForeignKey("tickets.id"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.UniqueConstraint("ticket_id", "version"),
        **TABLE,
    )
    _index("events", "created_at", "id")
    op.create_table(
        "account_events",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("account_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("actor_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        **TABLE,
    )
    _index("account_events", "account_id", "id")
    op.create_table(
        "logins",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        **TABLE,
    )
    _index("logins", "user_id", "started_at")
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("event_id", sa.Integer(), sa.ForeignKey("events.id")),
        sa.Column("recipient", exact(254), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("body", LONG, nullable=False),
        sa.Column("state", one_of("state", "waiting", "sending", "sent", "failed"), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("run_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.Column("error", sa.String(255), nullable=False),
        **TABLE,
    )
    _index("deliveries", "state", "run_at", "id")
    op.create_table(
        "rates",
        sa.Column("key", exact(191), primary_key=True),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        **TABLE,
    )
    _index("rates", "expires_at")
    _word_index()

    op.bulk_insert(
        roles,
        [
            {
                "name": "bruker",
                "description": "Oppretter saker og følger sine egne",
                "permissions": "",
            },
            {"name": "drift", "description": "Ser og behandler alle saker", "permissions": "work"},
            {
                "name": "admin",
                "description": "Drift, og i tillegg kontoer og oppsett",
                "permissions": "work,administer",
            },
        ],
    )
    # Mail, timers and commands act as this account, so that history has no hole. Nobody can
    # log in as it: it has no password and is not active.
    op.bulk_insert(
        users,
        [
            {
                "brukernavn": "Systemet",
                "login_name": "system",
                "email": "system@localhost",
                "passord": None,
                "rolle": "admin",
                "requested_role": None,
                "active": False,
                "fs_uniquifier": uuid.uuid4().hex,
                "confirmed_at": None,
                "created_at": datetime.now(UTC).replace(tzinfo=None),
                "version": 1,
            }
        ],
    )


def downgrade() -> None:
    for table in (
        "ticket_words",
        "rates",
        "deliveries",
        "logins",
        "account_events",
        "events",
        "tickets",
        "users",
        "roles",
    ):
        op.drop_table(table)


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns)


def _word_index() -> None:
    """The words of each ticket, as tickets/search.py writes them."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE ticket_words USING fts5"
            '(words, tokenize = "unicode61 remove_diacritics 0")'
        )
        return
    op.execute("SET SESSION innodb_ft_enable_stopword = OFF")
    op.create_table(
        "ticket_words",
        sa.Column("ticket_id", sa.Integer(), sa.ForeignKey("tickets.id"), primary_key=True),
        sa.Column("words", MEDIUMTEXT(collation="utf8mb4_bin"), nullable=False),
        **TABLE,
    )
    op.execute("CREATE FULLTEXT INDEX ft_ticket_words_words ON ticket_words (words)")
