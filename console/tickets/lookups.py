"""The statements of a search, each made once: that takes longer than to answer it.

In them `from_0` and `to_0` are where the first word begins and ends in an index, `also_0` what
else answers it, `first` and `last` the numbers between which tickets are looked for, and
`number` the ticket whose number was asked for.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    Integer,
    Select,
    String,
    bindparam,
    func,
    literal,
    null,
    or_,
    select,
    text,
    union,
    union_all,
)

from console.models import OrganisationWord, Ticket, UserWord, WordTail
from console.tickets.words import RECENT_WORDS, SIGN, full_text, number_in

# So many compounds that have a word as their part are looked for, and so many people and
# organisations whose names have it.
COMPOUNDS_MAX = NAMES_MAX = 50
COMPOUND, PERSON, ORGANISATION, NEWEST = range(4)
FIRST_NUMBER, LAST_NUMBER, NUMBER, MOST = (
    bindparam(name, type_=Integer) for name in ("first", "last", "number", "hits_most")
)
recent = RECENT_WORDS.c
Asked = tuple[str, Sequence[str]]


@cache
def others(parts: tuple[bool, ...], sqlite: bool) -> Select[Any]:
    """What else answers each word, and the newest ticket in the full-text index.

    Rows of what it is, the words that it answers as bits, a word and a number. `parts` says of
    each word whether it may be a part of compounds. Of names those come first that have the
    most of the words.
    """
    rows = full_text(sqlite=sqlite)
    newest = select(number_in(rows)).order_by(number_in(rows).desc()).limit(1).scalar_subquery()
    many = len(parts)
    found = [
        *(_compounds(place) for place in range(many) if parts[place]),
        _named(PERSON, many, UserWord.__table__.c.word, UserWord.__table__.c.user_id),
        _named(
            ORGANISATION,
            many,
            OrganisationWord.__table__.c.word,
            OrganisationWord.__table__.c.organisation_id,
        ),
        select(literal(NEWEST), literal(0), null(), newest),
    ]
    return select(union_all(*found).subquery())


def _compounds(place: int) -> Select[Any]:
    tails = WordTail.__table__.c
    found = (
        select(tails.word)
        .where(_begins(tails.tail, place))
        .order_by(tails.tail, tails.word)
        .limit(COMPOUNDS_MAX)
        .subquery()
    )
    return select(literal(COMPOUND), literal(1 << place), found.c.word, null())


def _named(kind: int, many: int, word: Any, number: Any) -> Select[Any]:
    each = union(
        *(
            select(literal(1 << place).label("bit"), number.label("id")).where(_begins(word, place))
            for place in range(many)
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


def _begins(column: Any, place: int) -> Any:
    return column.between(bindparam(f"from_{place}"), bindparam(f"to_{place}"))


def _each(many: int, *conditions: Any) -> list[Select[Any]]:
    """For each word the newest tickets that have it, some of them more than once."""
    return [
        select(recent.ticket_id.label("id"), literal(place).label("place")).where(
            or_(
                _begins(recent.word, place),
                recent.word.in_(bindparam(f"also_{place}", expanding=True)),
            ),
            *conditions,
        )
        for place in range(many)
    ]


@cache
def counted(many: int) -> Select[Any]:
    """How many of the newest tickets have each word; no row for one that none has."""
    each = union(*_each(many)).subquery()
    return select(each.c.place, func.count()).group_by(each.c.place)


@cache
def newest(many: int) -> Select[Any]:
    """The ids of the newest tickets that have all words, and the one whose number was asked for."""
    each = _each(many, recent.ticket_id.between(FIRST_NUMBER, LAST_NUMBER))
    if many == 1:
        found = each[0].with_only_columns(recent.ticket_id.label("id"))
    else:
        every = union(*each).subquery()
        found = select(every.c.id).group_by(every.c.id).having(func.count() == many)
    own = select(Ticket.id.label("id")).where(
        Ticket.id == NUMBER, Ticket.id.between(FIRST_NUMBER, LAST_NUMBER)
    )
    return select(found.union(own).subquery().c.id)


@cache
def everywhere(many: int, sqlite: bool, filtered: int = 0) -> Select[Any]:
    """The same from the full-text index too, which is asked with `asked`.

    So many words are not among those, but patterns that the rows found must match.
    """
    rows = full_text(sqlite=sqlite)
    ask = (
        "ticket_words MATCH :asked" if sqlite else "MATCH (words) AGAINST (:asked IN BOOLEAN MODE)"
    )
    old = select(number_in(rows).label("id")).select_from(rows).where(text(ask))
    for place in range(filtered):
        old = old.where(rows.c.words.regexp_match(bindparam(f"pattern_{place}", type_=String)))
    return select(newest(many).union(old).subquery().c.id)


@cache
def newest_of(hits: Select[Any]) -> Select[Any]:
    """The newest of them, the newest first."""
    ids = hits.subquery().c.id
    return select(ids).order_by(ids.desc()).limit(MOST)


def for_sqlite(asked: Sequence[Asked], signs: Sequence[str]) -> str:
    """The question to FTS5: all words, each on any of the shelves."""
    return " AND ".join(
        "("
        + " OR ".join(
            [f'"{sign}{word}"{" *" if len(word) > 1 else ""}' for sign in signs]
            + [f'"{sign}{other}"' for sign in signs for other in also]
        )
        + ")"
        for word, also in asked
    )


def for_mariadb(asked: Sequence[Asked], signs: Sequence[str]) -> str:
    """The question to FULLTEXT in boolean mode: all words, each on any of the shelves."""
    return " ".join(
        "+("
        + " ".join(
            [f"{sign}{word}{'*' if len(word) > 1 else ''}" for sign in signs]
            + [f"{sign}{other}" for sign in signs for other in also]
        )
        + ")"
        for word, also in asked
    )


def pattern(word: str, also: Sequence[str]) -> str:
    """What a row of the full-text index matches when its ticket has the word."""
    starts = word if len(word) > 1 else f"{word}( |$)"
    whole = f"|({'|'.join(also)})( |$)" if also else ""
    return f" .{{{SIGN}}}({starts}{whole})"
