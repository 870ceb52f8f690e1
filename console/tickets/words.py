"""The words of each ticket, written where search finds them, the same on both databases.

The newest tickets have a row a word (recent_words): in its index the tickets of a word stand
side by side. A ticket that is no longer among the newest has all its words in one row of the
full-text index (ticket_words): MariaDB's FULLTEXT, SQLite's FTS5. There every word begins with
the sign of the shelf that its ticket stands on, so that one can ask for the newest shelves and
then for older ones.

MariaDB is the reason for all that. It collects every row of a word before it sorts them, which
takes seconds for a word that a third of a million tickets have. And it remembers each row that
was ever changed and reads that list for every question: a row is best written once, when little
more will be said on its ticket.

Words are made here, so that both databases have the same ones: lower case, å is not a, and a
word as short as "HP" counts.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    String,
    Table,
    TableClause,
    column,
    delete,
    func,
    insert,
    select,
    table,
    tuple_,
    update,
)
from sqlalchemy.orm import Session

from console.models import COMPOUND_MAX, WORD_MAX, Attachment, Message, RecentWord, Ticket, WordTail

# So many of the newest tickets have a row a word.
RECENT = 5000
# Numbers have gaps: each new ticket lets the one move on that is now too old, and those that
# were left behind shortly before it.
WINDOW = 10
# By so many words a ticket is found, whatever is said on it: an answer after 500 long ones
# costs no more than that.
WORDS_MOST = 4000
# One change makes so many compounds findable by their parts that were not yet.
NEW_MOST = 30
# So many tickets stand on a shelf. Its sign has three digits, which also makes every word long
# enough for InnoDB: it leaves those out that have fewer letters (innodb_ft_min_token_size).
SHELF = 65_536
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
SIGN = 3
# A part of a compound has so many letters, with so many others before it, in a word of so many.
PART_MIN, HEAD_MIN, COMPOUND_MIN = 3, 2, 5
# A letter to both databases and in no word of a text: what begins with it stands for somebody.
OWN = "ǂ"
# The letters and digits of both databases: nothing beyond the first plane of Unicode.
WORD = re.compile(rf"[^\W_{OWN}\U00010000-\U0010ffff]+")
RECENT_WORDS: Table = RecentWord.__table__  # type: ignore[assignment]
WORD_TAILS: Table = WordTail.__table__  # type: ignore[assignment]
recent = RECENT_WORDS.c


def words_of(written: str) -> list[str]:
    """The words of a text or a question, lower case, each once, in their order."""
    plain = unicodedata.normalize("NFKC", written).casefold()
    return list(dict.fromkeys(word[:WORD_MAX] for word in WORD.findall(plain)))


def place_in(word: str, asked: str) -> int:
    """Where a word has what was asked for: at its start, or inside a compound; -1: nowhere."""
    if word.startswith(asked) and (len(asked) > 1 or word == asked):
        return 0
    return word.find(asked, HEAD_MIN) if is_part(asked) and is_compound(word) else -1


def is_part(asked: str) -> bool:
    """Whether it may be a part of compounds."""
    return len(asked) >= PART_MIN and asked.isalpha()


def is_compound(word: str) -> bool:
    """Whether the word may have parts."""
    return COMPOUND_MIN <= len(word) <= COMPOUND_MAX and word.isalpha()


def requester_word(user_id: int) -> str:
    """The word that all tickets of a requester have."""
    return f"{OWN}u{user_id}"


def organisation_word(organisation_id: int | None) -> str:
    """The word that all tickets of an organisation have, or those of none."""
    return f"{OWN}o{organisation_id or 0}"


def ticket_words(requester_id: int, organisation_id: int | None, *texts: str) -> list[str]:
    """The words by which a ticket with these texts is found."""
    # That of the organisation is never the last in a row: see file_under().
    own = [organisation_word(organisation_id), requester_word(requester_id)]
    return [*own, *words_of(" ".join(texts))][:WORDS_MOST]


def shelf_of(ticket_id: int) -> int:
    """The shelf that a ticket stands on; newer ones have higher numbers."""
    return ticket_id // SHELF


def sign_of(shelf: int) -> str:
    """What every word on a shelf begins with."""
    return DIGITS[shelf // 1296] + DIGITS[shelf // 36 % 36] + DIGITS[shelf % 36]


def row_of(ticket_id: int, found_by: Iterable[str]) -> str:
    """A ticket's row in the full-text index: each word with a space and its shelf before it."""
    before = f" {sign_of(shelf_of(ticket_id))}"
    return "".join(before + word for word in found_by)


def words_in(row: str) -> list[str]:
    """The words in a row of the full-text index."""
    return [word[SIGN:] for word in row.split()]


def vocabulary_rows(of_words: Iterable[str]) -> list[dict[str, str]]:
    """The rows of word_tails for these words, in an order in which nobody waits for another."""
    return [
        {"tail": word[start:], "word": word}
        for word in sorted(of_words)
        if is_compound(word)
        for start in range(HEAD_MIN, len(word) - PART_MIN + 1)
    ]


def index(session: Session, ticket: Ticket) -> None:
    """Make a new ticket findable. The one that is no longer among the newest moves on."""
    found_by = _own_words(ticket)
    _insert(session, ticket.id, found_by)
    _learn(session, found_by)
    _move(session, ticket.id - RECENT)


def add(session: Session, ticket: Ticket, *texts: str) -> None:
    """Make a ticket findable by what was added to it.

    Only words that it did not have are written, and none once it has WORDS_MOST.
    """
    said = words_of(" ".join(texts))
    if not said:
        return
    had, row = _find(session, ticket.id)
    new = [word for word in said if word not in had][: max(0, WORDS_MOST - len(had))]
    if not new:
        return
    if row:
        _replace(session, ticket.id, row + row_of(ticket.id, new))
    else:
        _insert(session, ticket.id, new)
    _learn(session, new)


def reindex(session: Session, ticket: Ticket) -> None:
    """Make a ticket findable by all that stands on it now, and by nothing else."""
    bodies = select(Message.body).where(Message.ticket_id == ticket.id).order_by(Message.id)
    names = select(Attachment.name).where(Attachment.ticket_id == ticket.id).order_by(Attachment.id)
    found_by = dict.fromkeys(_own_words(ticket))
    for texts in (bodies, names):
        for written in session.scalars(texts.execution_options(yield_per=50)):
            if len(found_by) < WORDS_MOST:
                found_by.update(dict.fromkeys(words_of(written)))
    kept = list(found_by)[:WORDS_MOST]
    if _find(session, ticket.id)[1]:
        _replace(session, ticket.id, row_of(ticket.id, kept))
    else:
        session.execute(delete(RECENT_WORDS).where(recent.ticket_id == ticket.id))
        _insert(session, ticket.id, kept)
    _learn(session, kept)


def file_under(session: Session, requesters: Sequence[int], organisation_id: int | None) -> None:
    """Find requesters' tickets under another organisation than the one that they still have."""
    own = Ticket.requester_id.in_(requesters)
    tickets, new = select(Ticket.id).where(own), organisation_word(organisation_id)
    rows = full_text(sqlite=is_sqlite(session))
    for old_id in session.scalars(select(Ticket.organisation_id).where(own).distinct()).all():
        old = organisation_word(old_id)
        if old == new:
            continue
        session.execute(
            update(RECENT_WORDS)
            .where(recent.word == old, recent.ticket_id.in_(tickets))
            .values(word=new)
        )
        session.execute(
            update(rows)
            .where(number_in(rows).in_(tickets))
            .values(words=func.replace(rows.c.words, f"{old} ", f"{new} "))
        )


def is_sqlite(session: Session) -> bool:
    """Whether the database is SQLite."""
    return bool(session.get_bind().dialect.name == "sqlite")


def full_text(*, sqlite: bool) -> TableClause:
    """The full-text index as a table."""
    # An FTS5 table knows its rows by rowid only.
    number = "rowid" if sqlite else "ticket_id"
    return table("ticket_words", column(number), column("words", String))


def number_in(rows: TableClause) -> Any:
    """The column of the full-text index that has the ticket's number."""
    return next(iter(rows.c))


def _own_words(ticket: Ticket) -> list[str]:
    return ticket_words(
        ticket.requester_id, ticket.organisation_id, ticket.title, ticket.description
    )


def _find(session: Session, ticket_id: int) -> tuple[set[str], str]:
    """The words that a ticket has and, when it is no longer among the newest, its row."""
    if had := session.scalars(select(recent.word).where(recent.ticket_id == ticket_id)).all():
        return set(had), ""
    rows = full_text(sqlite=is_sqlite(session))
    row = session.scalar(select(rows.c.words).where(number_in(rows) == ticket_id)) or ""
    return set(words_in(row)), row


def _insert(session: Session, ticket_id: int, new: Iterable[str]) -> None:
    rows = [{"ticket_id": ticket_id, "word": word} for word in sorted(new)]
    session.execute(_or_ignore(RECENT_WORDS), rows)


def _replace(session: Session, ticket_id: int, row: str) -> None:
    rows = full_text(sqlite=is_sqlite(session))
    session.execute(update(rows).where(number_in(rows) == ticket_id).values(words=row))


def _move(session: Session, newest: int) -> None:
    """Put the tickets that are no longer among the newest into the full-text index."""
    old = recent.ticket_id.between(newest - WINDOW, newest)
    moving: dict[int, list[str]] = defaultdict(list)
    for number, word in session.execute(
        select(recent.ticket_id, recent.word).where(old).order_by(recent.ticket_id, recent.word)
    ):
        moving[number].append(word)
    if not moving:
        return
    rows = full_text(sqlite=is_sqlite(session))
    key = number_in(rows).name
    session.execute(
        _or_ignore(rows),
        [{key: number, "words": row_of(number, found_by)} for number, found_by in moving.items()],
    )
    session.execute(delete(RECENT_WORDS).where(old))


def _learn(session: Session, new: Iterable[str]) -> None:
    """Make compounds findable by their parts, those that are not so yet."""
    compounds = [word for word in new if is_compound(word)]
    if not compounds:
        return
    first = tuple_(WORD_TAILS.c.tail, WORD_TAILS.c.word)
    known = set(
        session.scalars(
            select(WORD_TAILS.c.word).where(first.in_([(w[HEAD_MIN:], w) for w in compounds]))
        )
    )
    # The longest are the likeliest to have parts.
    unknown = sorted(set(compounds) - known, key=lambda word: (-len(word), word))[:NEW_MOST]
    if unknown:
        session.execute(_or_ignore(WORD_TAILS), vocabulary_rows(unknown))


def _or_ignore(rows: Any) -> Any:
    """An INSERT that leaves alone what is there: another may have been quicker by a moment."""
    insertion = insert(rows)
    return insertion.prefix_with("IGNORE", dialect="mysql").prefix_with(
        "OR IGNORE", dialect="sqlite"
    )
