"""What the list of tickets can be filtered by; saved views know each by its key."""

from typing import Any

from flask import g
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, or_, select

from console.admin.filters import Choice, Condition, Day
from console.extensions import db
from console.login.sessions import me
from console.models import (
    Channel,
    Organisation,
    Priority,
    Side,
    Status,
    Tag,
    Ticket,
    TicketTag,
    User,
    login_key,
    row_number,
)
from console.tickets import queries
from console.words import CHANNEL, PRIORITY, STATUS, TURN

HANDLER_NONE, HANDLER_ME = "none", "me"
# A name may begin like so many organisations; more are not meant.
ALIKE_MAX = 50


def choices() -> queries.Choices:
    """Workers and categories to choose from; read once a request."""
    if "choices" not in g:
        g.choices = queries.choices(db.session())
    return g.choices


def is_row(value: str) -> bool:
    """Whether it may be the number of a row, of one that is offered or not."""
    return bool(row_number(value))


def handled_by(value: str) -> Any:
    if value == HANDLER_NONE:
        return Ticket.assignee_id.is_(None)
    return Ticket.assignee_id == (me().id if value == HANDLER_ME else int(value))


def handlers() -> list[tuple[str, str]]:
    """Nobody, me, and everybody who may be given tickets."""
    names = [(str(row.id), row.name) for row in choices().workers]
    return [(HANDLER_NONE, gettext("Nobody")), (HANDLER_ME, gettext("Me")), *names]


def categories() -> list[tuple[str, str]]:
    """None, and every category in use."""
    return [(HANDLER_NONE, gettext("None")), *((str(c.id), c.name) for c in choices().categories)]


def in_category(value: str) -> Any:
    if value == HANDLER_NONE:
        return Ticket.category_id.is_(None)
    return Ticket.category_id == int(value)


def asked_by(name: str) -> ColumnElement[bool]:
    """Tickets of the requesters whose name or address begins like that."""
    key = login_key(name.replace("\x00", ""))[:200]
    return Ticket.requester_id.in_(
        select(User.id).where(
            or_(
                User.login_name.startswith(key, autoescape=True),
                User.email.startswith(key, autoescape=True),
            )
        )
    )


def of_organisation(name: str) -> ColumnElement[bool]:
    """Tickets of the organisations whose name begins like that.

    Their numbers are looked up first: of a single one the index gives the tickets in order.
    """
    text = name.replace("\x00", "").strip()[: Organisation.NAME_MAX]
    alike = select(Organisation.id).where(Organisation.name.startswith(text, autoescape=True))
    found = list(db.session.scalars(alike.limit(ALIKE_MAX)))
    return (
        Ticket.organisation_id == found[0]
        if len(found) == 1
        else (Ticket.organisation_id.in_(found))
    )


def tagged(name: str) -> ColumnElement[bool]:
    """Tickets that have the tag."""
    word = name.replace("\x00", "").strip().casefold().lstrip("#")
    number = db.session.scalar(select(Tag.id).where(Tag.name == word))
    return Ticket.id.in_(select(TicketTag.ticket_id).where(TicketTag.tag_id == (number or 0)))


FILTERS = (
    Choice(
        "status",
        _("Status"),
        lambda value: Ticket.status == Status(value),
        lambda: [(status.value, str(STATUS[status])) for status in Status],
    ),
    Choice("assignee", _("Handler"), handled_by, handlers, is_row),
    Condition("requester", _("Requester"), asked_by),
    Day("created_from", _("Created from"), Ticket.created_at),
    Day("created_until", _("Created up to and including"), Ticket.created_at, until=True),
    Day("updated_from", _("Touched from"), Ticket.updated_at),
    Day("updated_until", _("Touched up to and including"), Ticket.updated_at, until=True),
    Choice(
        "priority",
        _("Priority"),
        lambda value: Ticket.priority == Priority(int(value)),
        lambda: [(str(int(p)), str(PRIORITY[p])) for p in Priority],
    ),
    Choice("category", _("Category"), in_category, categories, is_row),
    Condition("organisation", _("Organisation"), of_organisation),
    Choice(
        "channel",
        _("Came in by"),
        lambda value: Ticket.channel == Channel(value),
        lambda: [(c.value, str(CHANNEL[c])) for c in Channel],
    ),
    Condition("tag", _("Tag"), tagged),
    Choice(
        "turn",
        _("Whose turn"),
        lambda value: Ticket.last_public_by == Side(value),
        lambda: [(side.value, str(TURN[side])) for side in Side],
    ),
)
