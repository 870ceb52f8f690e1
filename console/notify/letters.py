"""What messages say: a mail in two forms, and a line for a phone or a chat.

A topic's sentences stand in one template, templates/mail/TOPIC.html, which is drawn twice: as HTML
and as plain text. What a template may say is decided by what it is handed: those to requesters
get nothing that is internal.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import urljoin

from flask import current_app
from flask_babel import gettext as _
from jinja2 import Environment, StrictUndefined, TemplateError
from markupsafe import Markup
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from console import clock, hours, language, markup
from console.models import TO_REQUESTERS, Attachment, Delivery, Event, Ticket, Topic, User

# These bring the words themselves, and need no way back to the page to be read.
WITH_WORDS = (Topic.REPLY, Topic.ANSWERED)
# Two SMS in a row; what is longer some gateways cut off, and the link stands at the end.
SHORT_MAX = 300
SHORT_TITLE_MAX = 60
EXCERPT_MAX = 600
DIGEST_MAX = 50
# Where everybody chooses what he hears of, as told in design.md.
CHOICES = "/notifications"
# What holds a family of emoji together is not printable by itself.
JOINER = "\u200d"
PARTS = {"html": "mail/_html.html", "text": "mail/_text.txt"}
BROKEN = (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

Values = dict[str, Any]


class LetterError(ValueError):
    """The message cannot be written; says which template it is, and what is missing.

    A template can be mended while the message waits. `for_good` when nothing would help.
    """

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


@dataclass(frozen=True)
class Letter:
    """A message as it is read: the mail's two forms, and the line for a phone or a chat."""

    subject: str
    text: str
    html: str
    short: str
    sender_name: str


@dataclass(frozen=True)
class Said:
    """What a person wrote, for either form of a mail."""

    text: str
    markdown: bool = False

    @property
    def html(self) -> Markup:
        """The text, safe, with its links; its lines stay lines in any mail client."""
        shown = markup.render(self.text, markdown=self.markdown)
        return shown if self.markdown else shown.replace("\n", Markup("<br>\n"))


def write(session: Session, delivery: Delivery) -> Letter:
    """Write the message in its reader's language. Raises LetterError when a value is missing."""
    with language.speaking(delivery.person.language if delivery.person else language.DEFAULT):
        try:
            return _write(session, delivery)
        except BROKEN as error:
            said = getattr(error, "message", None) or str(error)
            raise LetterError(
                f"mail/{delivery.topic}.html: {said}"[: Delivery.ERROR_MAX]
            ) from error


def one_line(text: str) -> str:
    """The text on one line, without characters that show nothing or turn others around."""
    kept = (sign if sign.isprintable() or sign == JOINER else " " for sign in text)
    return " ".join("".join(kept).split())


def _write(session: Session, delivery: Delivery) -> Letter:
    values = _values(delivery) | _more(session, delivery)
    heading = one_line(_block("text", delivery.topic, "heading", values))
    subject = _subject(delivery, heading, values)
    values["subject"] = subject
    return Letter(
        subject=subject,
        # An account's mail is kept as it was planned; written again it must not grow.
        text=delivery.body if delivery.topic is Topic.ACCOUNT else _draw("text", delivery, values),
        html=_draw("html", delivery, values),
        short=_short(delivery, heading, values),
        sender_name=_sender(delivery),
    )


def _subject(delivery: Delivery, heading: str, values: Values) -> str:
    if "number" not in values:
        return _cut(heading, Delivery.SUBJECT_MAX)
    number, title = f"[#SAK-{values['number']}]", values["title"]
    if delivery.topic in TO_REQUESTERS:
        # Always the same on one ticket: mail programs that go by the subject keep it together.
        return _cut(f"{number} {title}", Delivery.SUBJECT_MAX)
    return f"{_cut(f'{heading}: {title}', Delivery.SUBJECT_MAX - len(number) - 1)} {number}"


def _short(delivery: Delivery, heading: str, values: Values) -> str:
    """What fits into an SMS: no word of what was said, and no sign that would make it cost twice.

    (One « or … and all of it is sent in an alphabet that takes double the room.)
    """
    news = one_line(_block("text", delivery.topic, "news", values))
    about = ""
    if "number" in values:
        title = _cut(values["title"], SHORT_TITLE_MAX, "...")
        about = _("Ticket #%(number)d", number=values["number"]) + f" ({title}): "
    link = values.get("link", "")
    said = f"{about}{heading}. {news}".strip()
    return f"{_cut(said, max(SHORT_MAX - len(link) - 1, 0), '...')} {link}".strip()


def _sender(delivery: Delivery) -> str:
    office = str(current_app.config["ORGANISATION_NAME"])
    if delivery.topic is Topic.REPLY and delivery.event:
        return f"{one_line(delivery.event.actor.username)} ({office})"
    return office


# --- what a template is handed


def _values(delivery: Delivery) -> Values:
    """What the rows beside it tell; a template that needs what is left out fails."""
    values: Values = {"audience": "", "choices": _address(CHOICES)}
    if delivery.ticket:
        values |= _of_ticket(delivery, delivery.ticket)
    if delivery.event:
        values |= _of_event(delivery, delivery.event)
    return values


def _of_ticket(delivery: Delivery, ticket: Ticket) -> Values:
    for_requester = delivery.topic in TO_REQUESTERS
    page = "portal.ticket" if for_requester else "ticket.show"
    place = f"#e{delivery.event_id}" if delivery.event_id else ""
    values = {
        "number": ticket.id,
        "title": one_line(ticket.title),
        "link": _page(page, ticket_id=ticket.id) + place,
        "description": _excerpt(ticket.description),
        "closed": ticket.is_closed,
        "reopen_days": current_app.config["REOPEN_DAYS"],
    }
    if for_requester:
        who = {"assignee": _name(ticket.assignee)} if ticket.assignee else {}
        return values | who | {"audience": "requester"}
    requester, organisation = ticket.requester, ticket.organisation
    due = {"due": ticket.due_at} if ticket.due_at else {}
    return (
        values
        | due
        | {
            "audience": "worker" if delivery.person else "",
            "assignee": _name(ticket.assignee) if ticket.assignee else "",
            "requester": _name(requester),
            "organisation": one_line(organisation.name) if organisation else "",
            "phone": requester.phone,
            "priority": ticket.priority,
        }
    )


def _of_event(delivery: Delivery, event: Event) -> Values:
    if delivery.topic is Topic.RECEIPT:
        return _expectation(event) | {"written_for": event.actor_id != event.ticket.requester_id}
    if delivery.topic is Topic.REPLY:
        return {"author": _name(event.actor)}
    if delivery.topic in TO_REQUESTERS:
        return {}
    told = {"undelivered_to": "recipient", "reason": "reason"}
    return {"actor": _name(event.actor)} | {
        name: one_line(str(event.changes[key][1]))
        for name, key in told.items()
        if delivery.topic is Topic.UNDELIVERED and key in event.changes
    }


def _expectation(event: Event) -> Values:
    """By when there is an answer, unless that has passed: the mail may have waited itself."""
    expected = hours.add(event.created_at, current_app.config["ANSWER_WITHIN"] * 60)
    known = {"expected": expected} if expected and expected > clock.now() else {}
    return {"opening_hours": hours.readable(), **known}


def _more(session: Session, delivery: Delivery) -> Values:
    """What has to be looked up."""
    if delivery.topic is Topic.ACCOUNT:
        return {"subject": delivery.subject, "words": Said(delivery.body.strip())}
    if delivery.topic is Topic.DIGEST:
        return _digest(session, delivery)
    if delivery.topic is Topic.ALARM:
        return {"link": _page("delivery.index_view")}
    message = delivery.event.message if delivery.event else None
    if delivery.topic not in WITH_WORDS or message is None or message.withdrawn_at:
        return {}
    files = select(Attachment.name).where(
        Attachment.ticket_id == message.ticket_id, Attachment.message_id == message.id
    )
    names = session.scalars(files.order_by(Attachment.id).limit(DIGEST_MAX))
    return {
        "words": Said(message.body, message.markdown),
        "files": [(one_line(name), "") for name in names],
    }


def _digest(session: Session, digest: Delivery) -> Values:
    """What was gathered, the newest of it, a ticket at a time."""
    gathered = Delivery.digest_id == digest.id
    found = session.scalars(
        select(Delivery)
        .where(gathered)
        .order_by(Delivery.id.desc())
        .limit(DIGEST_MAX)
        .options(
            joinedload(Delivery.event).joinedload(Event.actor),
            joinedload(Delivery.ticket).joinedload(Ticket.requester),
            joinedload(Delivery.ticket).joinedload(Ticket.assignee),
            joinedload(Delivery.ticket).joinedload(Ticket.organisation),
        )
    ).all()
    total = session.scalar(select(func.count()).select_from(Delivery).where(gathered)) or 0
    newest = {item.ticket_id: -item.id for item in reversed(found)}
    items = sorted(found, key=lambda item: (newest[item.ticket_id], item.id))
    return {
        "audience": "worker" if digest.person else "",
        "link": _page("ticket.index_view"),
        "total": total,
        "left": total - len(found),
        "tickets": [_told(list(group)) for _id, group in groupby(items, lambda i: i.ticket_id)],
    }


def _told(items: list[Delivery]) -> Values:
    """One ticket of a digest, and what happened on it."""
    about = _values(items[0])
    return {
        "number": about["number"],
        "title": about["title"],
        "link": about["link"].partition("#")[0],
        "happened": [
            (
                one_line(_block("text", item.topic, "heading", _values(item))),
                language.moment(item.created_at),
            )
            for item in items
        ],
    }


# --- drawing


def _environment(form: str) -> Environment:
    """That of the pages, but that a missing value is an error; a mail half written helps nobody."""
    made: dict[str, Environment] = current_app.extensions.setdefault("letters", {})
    if form not in made:
        made[form] = current_app.jinja_env.overlay(
            autoescape=form == "html", undefined=StrictUndefined
        )
    return made[form]


def _draw(form: str, delivery: Delivery, values: Values) -> str:
    """The whole letter."""
    template = _environment(form).get_template(f"mail/{delivery.topic}.html")
    return f"{template.render(values | _parts(form)).strip()}\n"


def _block(form: str, topic: Topic, name: str, values: Values) -> str:
    """One block of the letter alone."""
    template = _environment(form).get_template(f"mail/{topic}.html")
    drawn: Iterable[str] = template.blocks[name](template.new_context(values | _parts(form)))
    return "".join(drawn)


def _parts(form: str) -> Values:
    return {"w": _environment(form).get_template(PARTS[form]).module}


def _page(endpoint: str, **values: Any) -> str:
    return current_app.url_for(endpoint, _external=True, **values)


def _address(path: str) -> str:
    return urljoin(f"{current_app.config['BASE_URL']}/", path)


def _name(person: User) -> str:
    """The person's name; what the program did by itself the office has done."""
    office = str(current_app.config["ORGANISATION_NAME"])
    return office if person.is_system else one_line(person.username)


def _excerpt(text: str) -> Said:
    return Said(_cut(text, EXCERPT_MAX))


def _cut(text: str, most: int, end: str = "…") -> str:
    """The beginning of the text, ended where a word ends if one does near there."""
    if len(text) <= most:
        return text
    kept = text[: max(most - len(end), 0)]
    head, space, last = kept.rpartition(" ")
    return f"{(head if space and len(last) < 20 else kept).rstrip()}{end}"[:most]
