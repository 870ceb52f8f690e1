"""Search: replies, notes, names of files, people, organisations, and parts of compounds.

The words of all that is there are written anew, in stretches. They are made as tickets/words.py
makes them at the time of this migration and, going down, as it was done before.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0004"
down_revision = "0003"
branch_labels = depends_on = None

TABLE = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_danish_ci"}
# So many tickets, and so many of their messages, are held in memory at a time.
STRETCH = 500
RECENT, SHELF, WORDS_MOST, WORD_MAX, COMPOUND_MAX = 5000, 65_536, 4000, 80, 40
WORD = re.compile(r"[^\W_ǂ\U00010000-\U0010ffff]+")
OLD_WORD = re.compile(r"\w+")

tickets = sa.table(
    "tickets",
    *(sa.column(name) for name in ("id", "bruker_id", "organisation_id", "tittel", "beskrivelse")),
)
messages = sa.table("messages", sa.column("id"), sa.column("ticket_id"), sa.column("body"))
attachments = sa.table("attachments", sa.column("id"), sa.column("ticket_id"), sa.column("name"))


def word(length: int = WORD_MAX, name: str = "word") -> sa.Column:
    exact = sa.String(length).with_variant(sa.String(length, collation="utf8mb4_bin"), "mysql")
    return sa.Column(name, exact, primary_key=True)


def to(column: str, *, name: str) -> sa.Column:
    key = sa.ForeignKey(column, ondelete="CASCADE")
    return sa.Column(name, sa.Integer(), key, primary_key=True, autoincrement=False)


def upgrade() -> None:
    recent = op.create_table("recent_words", to("tickets.id", name="ticket_id"), word(), **TABLE)
    _index("recent_words", "word", "ticket_id")
    tails = op.create_table("word_tails", word(COMPOUND_MAX, "tail"), word(COMPOUND_MAX), **TABLE)
    people = op.create_table("user_words", word(), to("users.id", name="user_id"), **TABLE)
    _index("user_words", "user_id")
    _add_names(people, "users", "brukernavn", "email")
    organisations = op.create_table(
        "organisation_words", word(), to("organisations.id", name="organisation_id"), **TABLE
    )
    _index("organisation_words", "organisation_id")
    _add_names(organisations, "organisations", "name")
    _empty_full_text()
    newest = op.get_bind().scalar(sa.select(sa.func.max(tickets.c.id))) or 0
    known: set[str] = set()
    for lot in _tickets():
        _add_files_and_messages(lot)
        rows, recents, new = [], [], []
        for number, found in lot.items():
            if number > newest - RECENT:
                recents += [{"ticket_id": number, "word": w} for w in sorted(found)]
            else:
                rows.append((number, _on_shelf(number, found)))
            new += [w for w in found if w not in known and _is_compound(w)]
            known.update(new)
        _insert(recent, recents)
        _insert(tails, [{"tail": w[i:], "word": w} for w in new for i in range(2, len(w) - 2)])
        _add_to_full_text(rows)
    _make_full_text()


def downgrade() -> None:
    for table in ("recent_words", "word_tails", "user_words", "organisation_words"):
        op.drop_table(table)
    _empty_full_text()
    for rows in _stretches():
        _add_to_full_text(
            (row.id, [w[:84] for w in OLD_WORD.findall(f"{row.tittel} {row.beskrivelse}".lower())])
            for row in rows
        )
    _make_full_text()


def _words(written: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", written).casefold()
    return [found[:WORD_MAX] for found in WORD.findall(plain)]


def _on_shelf(number: int, found: Iterable[str]) -> list[str]:
    shelf, digits = number // SHELF, "0123456789abcdefghijklmnopqrstuvwxyz"
    sign = f"{digits[shelf // 1296]}{digits[shelf // 36 % 36]}{digits[shelf % 36]}"
    return [sign + each for each in found]


def _is_compound(found: str) -> bool:
    return 5 <= len(found) <= COMPOUND_MAX and found.isalpha()


def _stretches() -> Iterator[list[Any]]:
    """All tickets, some at a time, in the order of their numbers."""
    last = 0
    while rows := op.get_bind().execute(
        sa.select(tickets).where(tickets.c.id > last).order_by(tickets.c.id).limit(STRETCH)
    ).all():  # fmt: skip
        yield list(rows)
        last = rows[-1].id


def _tickets() -> Iterator[dict[int, dict[str, None]]]:
    """The words of the titles and descriptions, and those for requester and organisation."""
    for rows in _stretches():
        yield {
            row.id: dict.fromkeys(
                [
                    f"ǂo{row.organisation_id or 0}",
                    f"ǂu{row.bruker_id}",
                    *_words(f"{row.tittel} {row.beskrivelse}"),
                ][:WORDS_MOST]
            )
            for row in rows
        }


def _add_files_and_messages(lot: dict[int, dict[str, None]]) -> None:
    for table, written in ((messages, messages.c.body), (attachments, attachments.c.name)):
        those = (
            sa.select(table.c.ticket_id, written)
            .where(table.c.ticket_id.between(min(lot), max(lot)))
            .order_by(table.c.ticket_id, table.c.id)
            .limit(STRETCH)
        )
        start = 0
        while rows := op.get_bind().execute(those.offset(start)).all():
            for number, text in rows:
                found = lot[number]
                for each in _words(text):
                    if len(found) < WORDS_MOST:
                        found[each] = None
            start += STRETCH


def _add_names(into: sa.Table, table: str, *columns: str) -> None:
    named = sa.table(table, sa.column("id"), *(sa.column(name) for name in columns))
    key, last = into.c[1].name, 0
    while rows := op.get_bind().execute(
        sa.select(named).where(named.c.id > last).order_by(named.c.id).limit(STRETCH)
    ).all():  # fmt: skip
        _insert(
            into,
            [
                {"word": found, key: number}
                for number, *names in rows
                for found in dict.fromkeys(_words(" ".join(names)))
            ],
        )
        last = rows[-1].id


def _insert(table: sa.Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        op.get_bind().execute(sa.insert(table), rows)


def _empty_full_text() -> None:
    op.drop_table("ticket_words")
    if _is_sqlite():
        op.execute(
            "CREATE VIRTUAL TABLE ticket_words USING fts5"
            '(words, tokenize = "unicode61 remove_diacritics 0")'
        )
        return
    op.create_table(
        "ticket_words",
        sa.Column("ticket_id", sa.Integer(), sa.ForeignKey("tickets.id"), primary_key=True),
        sa.Column("words", MEDIUMTEXT(collation="utf8mb4_bin"), nullable=False),
        **TABLE,
    )


def _add_to_full_text(rows: Iterable[tuple[int, Iterable[str]]]) -> None:
    key = "rowid" if _is_sqlite() else "ticket_id"
    lines = [
        {"id": number, "words": "".join(f" {w.ljust(3, 'x')}" for w in dict.fromkeys(found))}
        for number, found in rows
    ]
    if lines:
        insertion = sa.text(f"INSERT INTO ticket_words ({key}, words) VALUES (:id, :words)")
        op.get_bind().execute(insertion, lines)


def _make_full_text() -> None:
    """Made when the rows are there: MariaDB sorts them once, and needs no memory for each."""
    if not _is_sqlite():
        op.execute("SET SESSION innodb_ft_enable_stopword = OFF")
        op.execute("CREATE FULLTEXT INDEX ft_ticket_words_words ON ticket_words (words)")


def _is_sqlite() -> bool:
    return bool(op.get_bind().dialect.name == "sqlite")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns)
