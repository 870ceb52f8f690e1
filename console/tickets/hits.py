"""Showing why a ticket was found: the words that were asked for, marked where they stand."""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape
from sqlalchemy import bindparam, func, literal, select, union_all
from sqlalchemy.orm import Session

from console.models import WORD_MAX, Attachment, Message, Ticket, User
from console.tickets import policy
from console.tickets.search import asked_words
from console.tickets.words import WORD, place_in, words_of

# A piece of a text: so many characters, of which so many before the first mark.
PIECE, BEFORE = 90, 30
# So much is looked through on a ticket: the beginnings of the description, and of the newest
# messages and files.
DESCRIPTION_MAX, BODY_MAX, NEWEST_MAX = 4000, 2000, 10

IDS: Any = bindparam("ids", expanding=True)


def _newest(model: Any, written: Any, place: int) -> Any:
    """The beginnings of the newest texts of each ticket; chosen before any text is read."""
    age = func.row_number().over(partition_by=model.ticket_id, order_by=model.id.desc())
    by_age = select(model.id, age.label("age")).where(model.ticket_id.in_(IDS)).subquery()
    return (
        select(
            model.ticket_id,
            literal(None),
            func.substr(written, 1, BODY_MAX),
            literal(place),
            by_age.c.age,
        )
        .join(by_age, by_age.c.id == model.id)
        .where(by_age.c.age <= NEWEST_MAX)
    )


_each = union_all(
    select(
        Ticket.id,
        Ticket.title,
        func.substr(Ticket.description, 1, DESCRIPTION_MAX),
        literal(0).label("place"),
        literal(0).label("age"),
    ).where(Ticket.id.in_(IDS)),
    _newest(Message, Message.body, 1),
    _newest(Attachment, Attachment.name, 2),
).subquery()
# A row for the title and description of each ticket, and one for each message and file. Made
# once: that takes longer than to answer it.
TEXTS = select(_each.c[0], _each.c[1], _each.c[2]).order_by(_each.c.place, _each.c.age)

Span = tuple[int, int]
MARK, UNMARK = Markup("<mark>"), Markup("</mark>")


def mark_hits(text: str, question: str) -> Markup:
    """The text, escaped, with what the question asks for marked."""
    return _marked(text, [span for _, span in _spans(text, _asked(question))])


def snippets(session: Session, actor: User, ids: Sequence[int], question: str) -> dict[int, Markup]:
    """For tickets whose titles do not show all that was asked for, a marked piece of what does.

    It is from the description, a reply, a note or the name of a file; one statement. Raises
    NotAllowed for all but workers.
    """
    policy.require(actor, "search")
    asked = _asked(question)
    if not ids or not asked:
        return {}
    titles: dict[int, str] = {}
    texts: dict[int, list[str]] = {}
    for number, title, written in session.execute(TEXTS, {"ids": list(ids)}):
        if title is not None:
            titles[number] = title
        texts.setdefault(number, []).append(written)
    found = {}
    for number, title in titles.items():
        shown = {word for word, _ in _spans(title, asked)}
        missing = [word for word in asked if word not in shown]
        if missing and (piece := _find_piece(texts[number], missing)):
            found[number] = piece
    return found


@lru_cache(256)
def _asked(question: str) -> tuple[str, ...]:
    return tuple(asked_words(question))


def _find_piece(texts: Sequence[str], asked: Sequence[str]) -> Markup | None:
    """The piece of the first text that shows the most of the words; None when none does."""
    best, spans, shown = "", [], 0
    for written in texts:
        text = " ".join(written.split())
        found = list(_spans(text, asked))
        if (words := len({word for word, _ in found})) > shown:
            best, spans, shown = text, [span for _, span in found], words
        if shown == len(asked):
            break
    if not spans:
        return None
    start, end = _around(best, spans[0])
    inside = [(a - start, min(b, end) - start) for a, b in spans if a < end]
    piece = _marked(best[start:end], inside)
    before, after = "… " if start else "", " …" if end < len(best) else ""
    return before + piece + after


def _around(text: str, span: Span) -> Span:
    """Where a piece with the span in it begins and ends; between words, where there are any."""
    start = max(0, span[0] - BEFORE)
    if start:
        start = text.find(" ", start, span[0]) + 1 or start
    end = start + PIECE
    if end < len(text):
        end = max(text.rfind(" ", start, end), min(span[1], end))
    return start, min(end, len(text))


def _spans(text: str, asked: Sequence[str]) -> Iterator[tuple[str, Span]]:
    """What was asked for and where it stands, in the order of the text."""
    if not _has_any(text, asked):  # most texts, and far sooner than by words
        return
    for match in WORD.finditer(text):
        if not _has_any(match[0], asked):
            continue
        for word in words_of(match[0]):
            for wanted in asked:
                place = place_in(word, wanted)
                if place < 0:
                    continue
                start = match.start() + place
                # A word whose plain form has another length is marked as a whole.
                same = len(word) == min(len(match[0]), WORD_MAX)
                yield wanted, (start, start + len(wanted)) if same else match.span()


def _has_any(text: str, asked: Sequence[str]) -> bool:
    plain = text.casefold() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    return any(wanted in plain for wanted in asked)


def _marked(text: str, spans: Sequence[Span]) -> Markup:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:  # two words asked for meet in one
            start, end = joined[-1][0], max(end, joined.pop()[1])
        joined.append((start, end))
    parts: list[Markup] = []
    done = 0
    for start, end in joined:
        parts += [escape(text[done:start]), MARK, escape(text[start:end]), UNMARK]
        done = end
    return Markup().join([*parts, escape(text[done:])])
