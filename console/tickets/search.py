"""Finding tickets by words, with the same answer from both databases.

All words asked for must be found on a ticket, in any order. Each of them may begin a word of
the title, the description, a reply, a note or the name of a file, be a part of a compound there
("skriver" in "nettverksskriver"), or begin a word of the requester's name or address, or of his
organisation's name. A number finds the ticket of that number too.

The tickets that answer are found in stretches, the newest first: of a common word no more are
collected than a page needs.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from console.models import ID_MAX, Ticket, User
from console.models.base import LAST
from console.tickets import lookups, policy, words
from console.tickets.lookups import COMPOUND, NEWEST, PERSON

QUERY_MAX = 200
WORDS_MAX = 8
# So many of the newest hits are put in the order of how well they answer, and about so many in
# any other order than that of their numbers.
BEST_OF, SORTED_MOST = 500, 10_000
# Each stretch of shelves has so many times what the one before had.
GROWTH = 16
# A word that has no more hits is looked up alone; they are then asked for the other words.
RARE = 2000
NUMBER = re.compile(r"#?(\d{1,9})")
EXACT, START, INSIDE = 3, 2, 1


def asked_words(query: str) -> list[str]:
    """What is looked for: the words of the first 200 characters, eight at the most."""
    return words.words_of(query[:QUERY_MAX])[:WORDS_MAX]


@dataclass(frozen=True)
class Hits:
    """Tickets that answer: the SELECT of their ids, and what the names in it stand for."""

    ids: Select[Any]
    values: dict[str, Any]

    def newest(self, session: Session, most: int) -> list[int]:
        """The newest of them, the newest first."""
        values = {**self.values, "hits_most": most}
        return list(session.scalars(lookups.newest_of(self.ids), values))


class Question:
    """What a worker looks for, made ready once. Raises NotAllowed for anybody else.

    Without words it asks for nothing, and nothing answers it.
    """

    def __init__(self, session: Session, actor: User, query: str) -> None:
        policy.require(actor, "search")  # what workers note among themselves is found, too
        self.session = session
        self.sqlite = words.is_sqlite(session)
        self.words = asked_words(query)
        number = NUMBER.fullmatch(query.strip())
        self.number = min(int(number[1]), ID_MAX) if number else 0
        # What else answers each word, and the newest ticket in the full-text index.
        self.also: list[list[str]] = []
        self.moved = 0
        if self.words:
            self._look_up()

    def stretches(self) -> Iterator[Hits]:
        """All hits in stretches, each of them older than the one before."""
        yield self._among_newest(self.moved + 1)
        if not self.moved:
            return
        first = words.shelf_of(max(0, self.moved - words.SHELF // 2))
        yield self._on_shelves(first, words.shelf_of(self.moved), until=self.moved)
        many = GROWTH
        while first > 0:
            last, first = first - 1, max(0, first - many)
            yield self._on_shelves(first, last, until=(last + 1) * words.SHELF - 1)
            many *= GROWTH

    def to_sort(self) -> Hits:
        """The hits that can be put in another order: all, or the newest of too many."""
        if not self.moved:
            return self._among_newest(1)
        last = words.shelf_of(self.moved)
        fewest = min(self._counts)
        share = fewest / words.RECENT if words.RECENT else 0
        first = last - ceil(SORTED_MOST / (share * words.SHELF)) if share else 0
        return self._on_shelves(max(0, first), last, until=ID_MAX)

    def among(self, ids: Sequence[int]) -> list[int]:
        """Those of these tickets that answer it, looked at one by one; in their order."""
        newest = self._among_newest(1)
        found = set(self.session.scalars(newest.ids, newest.values))
        rows = words.full_text(sqlite=self.sqlite)
        key = words.number_in(rows)
        for number, row in self.session.execute(select(key, rows.c.words).where(key.in_(ids))):
            if self._is_in(set(words.words_in(row))):
                found.add(number)
        return [number for number in ids if number in found]

    def best_first(self, ids: Sequence[int]) -> list[int]:
        """These tickets, the best answers first: by how their titles have the words."""
        titles = self.session.execute(select(Ticket.id, Ticket.title).where(Ticket.id.in_(ids)))
        worth = {number: self._worth(number, title) for number, title in titles}
        return sorted(ids, key=lambda number: (worth.get(number, 0), number), reverse=True)

    def _look_up(self) -> None:
        parts = tuple(words.is_part(word) for word in self.words)
        also: list[set[str]] = [set() for _ in self.words]
        for kind, bits, word, number in self.session.execute(
            lookups.others(parts, self.sqlite), self._values
        ):
            if kind == NEWEST:
                self.moved = number or 0
                continue
            if kind != COMPOUND:
                stands_for = words.requester_word if kind == PERSON else words.organisation_word
                word = stands_for(number)
            for place, found in enumerate(also):
                if int(bits) >> place & 1:
                    found.add(word)
        self.also = [sorted(found) for found in also]

    @property
    def _values(self) -> dict[str, Any]:
        """What the names in lookups.py stand for."""
        values: dict[str, Any] = {"number": self.number}
        for place, word in enumerate(self.words):
            # A single letter or digit must be the whole word.
            values |= {f"from_{place}": word, f"to_{place}": word + LAST if word[1:] else word}
        return values | {f"also_{place}": also for place, also in enumerate(self.also)}

    @cached_property
    def _counts(self) -> list[int]:
        """How many of the newest tickets have each word: a measure of how rare it is."""
        found = self.session.execute(lookups.counted(len(self.words)), self._values).all()
        counts = [0] * len(self.words)
        for place, count in found:
            counts[place] = count
        return counts

    def _among_newest(self, first: int) -> Hits:
        """The hits among the newest tickets, from a number on."""
        between = {"first": first, "last": ID_MAX}
        return Hits(lookups.newest(len(self.words)), {**self._values, **between})

    def _on_shelves(self, first: int, last: int, *, until: int) -> Hits:
        """The hits on these shelves, and those among the newest tickets up to a number."""
        signs = [words.sign_of(shelf) for shelf in range(first, last + 1)]
        values = {**self._values, "first": first * words.SHELF, "last": until}
        asked = list(zip(self.words, self.also, strict=True))
        later = []
        if self.sqlite or len(asked) == 1:
            ask = lookups.for_sqlite if self.sqlite else lookups.for_mariadb
        else:
            # MariaDB collects all that has the first word before it looks at the next one.
            ask = lookups.for_mariadb
            order = sorted(range(len(asked)), key=lambda place: self._counts[place])
            asked = [asked[place] for place in order]
            hits = min(self._counts) / max(1, words.RECENT) * len(signs) * words.SHELF
            if hits <= RARE:
                asked, later = asked[:1], asked[1:]
        values["asked"] = ask(asked, signs)
        values |= {f"pattern_{n}": lookups.pattern(*each) for n, each in enumerate(later)}
        return Hits(lookups.everywhere(len(self.words), self.sqlite, len(later)), values)

    def _is_in(self, found_by: set[str]) -> bool:
        """Whether a ticket with these words in its row answers it."""
        return all(
            (any(each.startswith(word) for each in found_by) if word[1:] else word in found_by)
            or not found_by.isdisjoint(also)
            for word, also in zip(self.words, self.also, strict=True)
        )

    def _worth(self, number: int, title: str) -> int:
        """How well a ticket answers: every word counts by how the title has it."""
        if number == self.number:
            return EXACT * WORDS_MAX + 1
        in_title = words.words_of(title)
        return sum(max((_worth(w, asked) for w in in_title), default=0) for asked in self.words)


def _worth(word: str, asked: str) -> int:
    if word == asked:
        return EXACT
    place = words.place_in(word, asked)
    return START if place == 0 else INSIDE if place > 0 else 0
