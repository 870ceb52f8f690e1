"""Finding tickets by words, with the same answer from both databases.

All words asked for must be found on a ticket, in any order. Each of them may begin a word of
the title, the description, a reply, a note or the name of a file, be a part of a compound there
("skriver" in "nettverksskriver"), or begin a word of the requester's name or address, or of his
organisation's name. A number finds the ticket of that number too.
"""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    func,
    literal,
    null,
    or_,
    select,
    text,
    union,
    union_all,
)
from sqlalchemy.orm import Session

from console.models import ID_MAX, OrganisationWord, RecentWord, Ticket, User, UserWord, WordTail
from console.tickets import policy
from console.tickets.words import (
    full_text,
    indexed,
    is_part,
    is_sqlite,
    number_in,
    organisation_word,
    place_in,
    requester_word,
    starting,
    stored,
    words_of,
)

__all__ = ["BEST_OF", "Question", "asked_words", "indexed"]

QUERY_MAX = 200
WORDS_MAX = 8
# So many compounds that have a word as their part are looked for, and so many people and
# organisations whose names have it.
COMPOUNDS_MAX, NAMES_MAX = 50, 100
# So many of the newest hits are put in the order of how well they answer.
BEST_OF = 500
NUMBER = re.compile(r"#?(\d{1,9})")
EXACT, START, INSIDE = 3, 2, 1


def asked_words(query: str) -> list[str]:
    """What is looked for: the words of the first 200 characters, eight at the most."""
    return words_of(query[:QUERY_MAX])[:WORDS_MAX]


class Question:
    """What a worker looks for, made ready once. Raises NotAllowed for anybody else.

    Without words it asks for nothing, and nothing answers it.
    """

    def __init__(self, session: Session, actor: User, query: str) -> None:
        policy.require(actor, "search")  # what workers note among themselves is found, too
        self.session = session
        self.words = asked_words(query)
        number = NUMBER.fullmatch(query.strip())
        self.number = min(int(number[1]), ID_MAX) if number else None
        self._also = _others(session, self.words) if self.words else []

    def newest(self, most: int | None = None) -> Select[Any]:
        """The ids of the hits among the newest tickets, all of which are newer than any other.

        `most` cuts off what is not among so many of the newest.
        """
        moved = number_in(full_text(self.session))
        last = select(moved).order_by(moved.desc()).limit(1).scalar_subquery()
        return self._hits([self._recent(RecentWord.ticket_id > func.coalesce(last, 0))], last, most)

    def hits(self, most: int | None = None) -> Select[Any]:
        """The ids of all tickets that answer it; `most` as for newest()."""
        rows = full_text(self.session)
        old = select(number_in(rows).label("id")).select_from(rows).where(self._in_full_text())
        return self._hits([self._recent(), old], None, most)

    def among(self, ids: Sequence[int]) -> list[int]:
        """Those of these tickets that answer it, looked at one by one; in their order."""
        found = set(self.session.scalars(self._recent()))
        rows = full_text(self.session)
        key = number_in(rows)
        for number, row in self.session.execute(select(key, rows.c.words).where(key.in_(ids))):
            if self._is_in(row):
                found.add(number)
        return [number for number in ids if number in found or number == self.number]

    def best_first(self, ids: Sequence[int]) -> list[int]:
        """These tickets, the best answers first: by how their titles have the words."""
        titles = self.session.execute(select(Ticket.id, Ticket.title).where(Ticket.id.in_(ids)))
        worth = {number: self._worth(number, title) for number, title in titles}
        return sorted(ids, key=lambda number: (worth.get(number, 0), number), reverse=True)

    def _hits(self, parts: list[Select[Any]], after: Any, most: int | None) -> Select[Any]:
        """The ids from all parts, and the ticket whose number was asked for."""
        if self.number is not None:
            own = select(Ticket.id.label("id")).where(Ticket.id == self.number)
            parts.append(own if after is None else own.where(Ticket.id > func.coalesce(after, 0)))
        if most is not None:
            parts = [select(_newest_of(part, most).subquery().c.id) for part in parts]
        every = union(*parts).subquery()
        return select(every.c.id)

    def _recent(self, *conditions: ColumnElement[bool]) -> Select[Any]:
        """The newest tickets that have all words, found a word at a time."""
        each = [
            select(RecentWord.ticket_id.label("id"), literal(number).label("word"))
            .where(self._has(number), *conditions)
            .distinct()
            for number in range(len(self.words))
        ]
        if len(each) == 1:
            return each[0].with_only_columns(RecentWord.ticket_id.label("id"))
        every = union_all(*each).subquery()
        return select(every.c.id).group_by(every.c.id).having(func.count() == len(each))

    def _has(self, number: int) -> ColumnElement[bool]:
        begins = starting(RecentWord.word, self.words[number])
        also = self._also[number]
        return or_(begins, RecentWord.word.in_(also)) if also else begins

    def _in_full_text(self) -> Any:
        """The condition for a row of the full-text index, in the language of the database."""
        if is_sqlite(self.session):
            asked = " AND ".join(
                f"({' OR '.join([_quoted(word), *map(_quoted_whole, also)])})"
                for word, also in zip(self.words, self._also, strict=True)
            )
            return text("ticket_words MATCH :asked").bindparams(asked=asked)
        # Of two words MariaDB reads the second only where the first was found; long ones are rare.
        by_length = sorted(zip(self.words, self._also, strict=True), key=lambda pair: -len(pair[0]))
        asked = " ".join(
            f"+({' '.join([f'{word}*' if len(word) > 1 else stored(word), *also])})"
            for word, also in by_length
        )
        return text("MATCH (words) AGAINST (:asked IN BOOLEAN MODE)").bindparams(asked=asked)

    def _is_in(self, row: str) -> bool:
        """Whether a row of the full-text index answers it."""
        spaced, whole = f"{row} ", set(row.split())
        return all(
            (f" {word}" if len(word) > 1 else f" {stored(word)} ") in spaced
            or not whole.isdisjoint(also)
            for word, also in zip(self.words, self._also, strict=True)
        )

    def _worth(self, number: int, title: str) -> int:
        """How well a ticket answers: every word counts by how the title has it."""
        if number == self.number:
            return EXACT * WORDS_MAX + 1
        in_title = words_of(title)
        return sum(max((_worth(word, asked) for word in in_title), default=0)
                   for asked in self.words)  # fmt: skip


def _worth(word: str, asked: str) -> int:
    if word == asked:
        return EXACT
    place = place_in(word, asked)
    return START if place == 0 else INSIDE if place > 0 else 0


def _newest_of(ids: Select[Any], most: int) -> Select[Any]:
    return ids.order_by(ids.selected_columns[0].desc()).limit(most)


def _quoted(word: str) -> str:
    return f'"{word}" *' if len(word) > 1 else f'"{stored(word)}"'


def _quoted_whole(word: str) -> str:
    return f'"{word}"'


def _others(session: Session, asked: Sequence[str]) -> list[list[str]]:
    """For each word what else in the index answers it, in one statement.

    That is compounds that it is a part of, and the words that stand for people and for
    organisations whose names have it; first those whose names have the most of the words.
    """
    parts = [_compounds(number, word) for number, word in enumerate(asked) if is_part(word)]
    parts.append(_named(PERSON, asked, UserWord.user_id, UserWord.word))
    parts.append(
        _named(ORGANISATION, asked, OrganisationWord.organisation_id, OrganisationWord.word)
    )
    also: list[set[str]] = [set() for _ in asked]
    for kind, bits, word, number in session.execute(union_all(*parts)):
        if kind != COMPOUND:
            word = requester_word(number) if kind == PERSON else organisation_word(number)
        for place, words in enumerate(also):
            if int(bits) >> place & 1:
                words.add(word)
    return [sorted(words) for words in also]


COMPOUND, PERSON, ORGANISATION = range(3)


def _compounds(number: int, part: str) -> Select[Any]:
    found = (
        select(WordTail.word)
        .where(starting(WordTail.tail, part))
        .order_by(WordTail.tail, WordTail.word)
        .limit(COMPOUNDS_MAX)
        .subquery()
    )
    return select(literal(COMPOUND), literal(1 << number), found.c.word, null())


def _named(kind: int, asked: Sequence[str], key: Any, names: Any) -> Select[Any]:
    each = union_all(
        *(
            select(literal(1 << number).label("bit"), key.label("id"))
            .where(starting(names, word))
            .distinct()
            for number, word in enumerate(asked)
        )
    ).subquery()
    found = (
        select(func.sum(each.c.bit).label("bits"), each.c.id)
        .group_by(each.c.id)
        .order_by(func.count().desc(), each.c.id)
        .limit(NAMES_MAX)
        .subquery()
    )
    return select(literal(kind), found.c.bits, null(), found.c.id)
