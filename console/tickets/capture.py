"""What came by phone or chat, written down while one listens: one text, and who said it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from console.models import Channel, Event, Status, Ticket, User
from console.tickets import once, policy, rules, secrecy
from console.tickets.queries import assignee

# So many of the requester's newest open tickets are looked at, and so many are shown.
LOOKED_AT, SHOWN = 50, 5
# What is read of each of them, and of the text that they are compared with.
READ_MAX = 500
# Words are alike when they begin alike: «skriver», «skriveren», «skriverne».
STEM = 5
WORD_MIN = 2
WORD = re.compile(r"\w+")
# Words that say nothing about what it is about.
EMPTY = set(
    WORD.findall("""alle alt andre at av bare ble blir da de deg den denne der dere det dette din
    ditt du eller en er et etter fikk for fra få får før gang gikk gjør gjøre går ha hadde han har
    hei hele helt her hun hva hvis hvor i igjen ikke ingen inn jeg kan kommer kunne kun må man med
    meg men mer min mitt mot noe noen nok når nå og også om opp oss over på ringer ringte sa samme
    seg selv si siden sin skal skulle slik som står så tid til tilbake under ut uten var ved vi
    vil ville vært være
    about after all an and any are as at be but by can cannot could do does for from get has have
    hello her him his how if in is it its just me more my need needs no not now of on or our out
    she since so some than that the their them then there they this to up us was we were what when
    which who why will with would you your""")
)


@dataclass(frozen=True)
class Similar:
    """One of the requester's open tickets; `alike` when it may well be about the same."""

    id: int
    title: str
    status: Status
    handler: str | None
    created_at: datetime
    alike: bool


def capture(
    session: Session,
    actor: User,
    *,
    requester: Callable[[], User],
    asked_by: str,
    description: str,
    title: str = "",
    channel: Channel = Channel.PHONE,
    mine: bool = False,
    attachments: Sequence[int] = (),
    key: str | None = None,
) -> Event:
    """Write down what somebody asks for, as a ticket of his; `mine` takes it at once.

    Without a title the first line is one. The requester is looked up, or made, by `requester`,
    and only when the form has not been sent before: twice is one person and one ticket, known
    by the `key` and the words, those in `asked_by` among them.
    """
    policy.require(actor, "open_for")
    # Two clicks wait for each other here: the second must not make the person once more.
    session.refresh(actor, with_for_update=True)
    keys = once.submission_keys(
        session, actor, key, f"capture:{asked_by}:{title}", description, files=list(attachments)
    )
    if earlier := rules.find_opened(session, keys):
        return earlier
    who = requester()
    event = rules.open_ticket(
        session,
        actor,
        requester=who,
        title=title or title_for(description, who, channel),
        description=description,
        channel=channel,
        attachments=attachments,
        keys=keys,
    )
    if mine:
        rules.take(session, actor, event.ticket)
    return event


def title_for(text: str, who: User, channel: Channel) -> str:
    """The first line that says something, cut at a word; else how and from whom it came."""
    # Without its secrets: cut in the middle, one would not be known for one.
    hidden = secrecy.hide(rules.clean_text(text)).text
    lines = (rules.clean_title(line) for line in hidden.split("\n"))
    line = next((line for line in lines if rules.is_visible(line)), "")
    if len(line) < Ticket.TITLE_MIN:
        return _came_in(channel, who.username)
    if len(line) <= Ticket.TITLE_MAX:
        return line
    room = line[: Ticket.TITLE_MAX - 1]
    words, _blank, _rest = room.rpartition(" ")
    return f"{(words if len(words) > Ticket.TITLE_MAX // 2 else room).rstrip(' .,;:-')}…"


def similar(session: Session, actor: User, requester_id: int, text: str = "") -> list[Similar]:
    """The requester's open tickets, those first that have words in common with the text.

    The newest are looked at, whose words are compared here: nothing is searched for. One word
    in the title is enough to be alike, in the text it takes two.
    """
    policy.require(actor, "see_all")
    rows = session.execute(
        select(
            Ticket.id,
            Ticket.title,
            func.substr(Ticket.description, 1, READ_MAX).label("text"),
            Ticket.status,
            assignee.username.label("handler"),
            Ticket.created_at,
        )
        .outerjoin(assignee, assignee.id == Ticket.assignee_id)
        .where(Ticket.requester_id == requester_id, Ticket.closed_at.is_(None))
        .order_by(Ticket.id.desc())
        .limit(LOOKED_AT)
    ).all()
    said = _stems(text)
    common = {
        row.id: 2 * len(said & _stems(row.title)) + len(said & _stems(row.text)) for row in rows
    }
    found = sorted(rows, key=lambda row: (-common[row.id], -row.id))[:SHOWN]
    return [
        Similar(row.id, row.title, row.status, row.handler, row.created_at, common[row.id] > 1)
        for row in found
    ]


def _stems(text: str) -> set[str]:
    """How the words of a text begin that say something."""
    return {
        word[:STEM]
        for word in WORD.findall(text[: 2 * READ_MAX].casefold())
        if len(word) >= WORD_MIN and word not in EMPTY
    }


def _came_in(channel: Channel, name: str) -> str:
    match channel:
        case Channel.CHAT:
            return _("Chat with %(name)s", name=name)
        case Channel.MAIL:
            return _("E-mail from %(name)s", name=name)
        case _other:
            return _("Phone call from %(name)s", name=name)
