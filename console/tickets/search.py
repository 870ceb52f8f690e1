"""Finding tickets by words, with the same answer from MariaDB's FULLTEXT and SQLite's FTS5.

Beside each ticket stands a row of its words, made here, so that both databases index the same
tokens: lower case, å is not a, and a word as short as "HP" counts. Every word asked for must
begin a word of the title or the description, in any order. A number finds that ticket too,
and the start of a requester's name or address finds his tickets.
"""

import re
from typing import Any

from sqlalchemy import Select, column, func, insert, or_, select, table, text, union, update
from sqlalchemy.orm import Session

from console.models import ID_MAX, Ticket, User

QUERY_MAX = 200
WORDS_MAX = 8
# InnoDB leaves words shorter than innodb_ft_min_token_size (3 by default) out of its index,
# so a shorter one is written longer; a query asks for the start of words and still meets it.
SHORTEST, FILLER = 3, "x"
# Longer words are left out of InnoDB's index (innodb_ft_max_token_size).
LONGEST = 84
# The newest tickets are looked through first, without the index: a common word is found there
# at once, while the index would collect and sort every ticket that has it.
NEWEST = 1000
WORD = re.compile(r"\w+")
NUMBER = re.compile(r"#?(\d{1,9})")


def words_of(written: str) -> list[str]:
    """The words of a text or a query, lower case, each once, in their order."""
    return list(dict.fromkeys(word[:LONGEST] for word in WORD.findall(written.lower())))


def indexed(written: str) -> str:
    """The words of a text as the index holds them, each with a space before it."""
    return "".join(f" {word.ljust(SHORTEST, FILLER)}" for word in words_of(written))


def index(session: Session, ticket: Ticket) -> None:
    """Make a new ticket findable by the words of its title and description."""
    row = {_id(session): ticket.id, "words": _words(ticket)}
    session.execute(insert(_index(session)).values(row))


def reindex(session: Session, ticket: Ticket) -> None:
    """Make a ticket findable by its words as they are now."""
    own = column(_id(session)) == ticket.id
    session.execute(update(_index(session)).where(own).values(words=_words(ticket)))


def _words(ticket: Ticket) -> str:
    return indexed(f"{ticket.title} {ticket.description}")


class Question:
    """What somebody looks for, made ready once: words, perhaps a number, perhaps a requester."""

    def __init__(self, session: Session, query: str) -> None:
        self.session = session
        self.words = words_of(query[:QUERY_MAX])[:WORDS_MAX]
        self.number = NUMBER.fullmatch(query.strip())
        self.people = self._people(query.strip()[:QUERY_MAX]) if self.words else []

    def hits(self) -> Select[Any] | None:
        """The ids of all tickets that answer it; None when it asks for nothing."""
        if not self.words:
            return None
        if _is_sqlite(self.session):
            condition = text("ticket_words MATCH :asked").bindparams(
                asked=" ".join(f'"{word}"*' for word in self.words)
            )
        else:
            condition = text("MATCH (words) AGAINST (:asked IN BOOLEAN MODE)").bindparams(
                asked=" ".join(f"+{word}*" for word in self.words)
            )
        return self._with_others(_ids(self.session).where(condition))

    def newest_hits(self) -> Select[Any] | None:
        """Those of the hits that are among the newest tickets, found word by word.

        None where nothing would be gained: SQLite's index answers the newest first by itself.
        """
        if not self.words or _is_sqlite(self.session):
            return None
        last = select(func.max(Ticket.id)).scalar_subquery()
        found = _ids(self.session).where(column("ticket_id") > last - NEWEST)
        for word in self.words:
            found = found.where(column("words").contains(f" {word}", autoescape=True))
        return self._with_others(found)

    def _with_others(self, found: Select[Any]) -> Select[Any]:
        """The hits by words and, where the question may mean them, by number and requester."""
        others = []
        if self.number:
            number = min(int(self.number[1]), ID_MAX)
            others.append(select(Ticket.id).where(Ticket.id == number))
        if self.people:
            others.append(select(Ticket.id).where(Ticket.requester_id.in_(self.people)))
        if not others:
            return found
        everything = union(found, *others).subquery()
        return select(everything.c[0].label("id"))

    def _people(self, start: str) -> list[int]:
        """The accounts whose name or address begins with what was asked; 50 at the most."""
        if len(start) < SHORTEST:
            return []
        return list(
            self.session.scalars(
                select(User.id)
                .where(
                    or_(
                        User.login_name.startswith(start.casefold(), autoescape=True),
                        User.email.startswith(start.lower(), autoescape=True),
                    )
                )
                .limit(50)
            )
        )


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _id(session: Session) -> str:
    """An FTS5 table knows its rows by rowid only."""
    return "rowid" if _is_sqlite(session) else "ticket_id"


def _index(session: Session) -> Any:
    return table("ticket_words", column(_id(session)), column("words"))


def _ids(session: Session) -> Select[Any]:
    return select(column(_id(session)).label("id")).select_from(_index(session))
