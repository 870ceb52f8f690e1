"""What every template may call: names of things, permissions, the way a time is said."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Any

from flask import Flask, current_app, request
from flask_babel import format_decimal, format_timedelta
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError

from console import markup
from console.accounts import policy as account_policy
from console.accounts.written import readable
from console.extensions import db
from console.language import choose, speaking
from console.masking import MASK
from console.models import WORK, Event, Status, User
from console.notify import desk
from console.notify.desk import OutboxState
from console.tickets import policy
from console.words import (
    CAUTION,
    CHANNEL,
    DELIVERY,
    JOB,
    LIST_FIELD,
    MEDIUM,
    MOVE,
    PERMISSION,
    PRIORITY,
    REASON,
    SECRET,
    STATUS,
    STATUS_CLASS,
    TOPIC,
    TURN,
    WAITING_FOR,
)


def init_app(app: Flask) -> None:
    """Hand the names to Jinja."""
    app.jinja_options["trim_blocks"] = True
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        STATUS=STATUS,
        status_name=status_name,
        STATUS_CLASS=STATUS_CLASS,
        CHANNEL=CHANNEL,
        DELIVERY=DELIVERY,
        JOB=JOB,
        MEDIUM=MEDIUM,
        REASON=REASON,
        TOPIC=TOPIC,
        LIST_FIELD=LIST_FIELD,
        MOVE=MOVE,
        PERMISSION=PERMISSION,
        PRIORITY=PRIORITY,
        WAITING_FOR=WAITING_FOR,
        TURN=TURN,
        SECRET=SECRET,
        NO_ADDRESS=User.NO_ADDRESS,
        CAUTION=CAUTION,
        said=said,
        hidden_in=hidden_in,
        mark=mark,
        may_administer=lambda: account_policy.may(_me()),
        is_worker=lambda: current_user.is_authenticated and current_user.can(WORK),
        event_template=event_template,
        outbox_trouble=outbox_trouble,
        here=here,
        chosen_theme=lambda: request.cookies.get("theme", "auto"),
    )
    app.add_template_filter(size)
    app.add_template_filter(kroner)
    app.add_template_filter(phone)
    app.add_template_filter(reason)
    app.add_template_filter(timespan)


def event_template(event: Event) -> str:
    """The fragment that tells this kind of event: ticket.taken is events/ticket_taken.html."""
    return f"events/{event.kind.replace('.', '_')}.html"


def status_name(status: Status) -> str:
    """The status on the screen, looked up once a language and not once a row."""
    return _status_names(choose())[status]


@cache
def _status_names(language: str) -> dict[Status, str]:
    with speaking(language):
        return {status: str(name) for status, name in STATUS.items()}


def said(
    text: str, secrets: Sequence[Any], revealed: Mapping[int, str], *, markdown: bool = False
) -> Markup:
    """What somebody wrote, safe to show, with a button where a secret stood."""
    marks = [(secret.position, mark(secret, revealed.get(secret.id))) for secret in secrets]
    return markup.render(text, markdown=markdown, marks=marks)


def hidden_in(title: str, secrets: Sequence[Any]) -> list[Any]:
    """The secrets that stand in the title now, and not in one that it had before."""
    latest = {secret.position: secret for secret in secrets if secret.field == "title"}
    return [secret for at, secret in sorted(latest.items()) if title.startswith(MASK, at)]


def mark(secret: Any, value: str | None) -> Markup:
    """The button in place of a secret, or the secret for whoever asked to see it."""
    macros: Any = current_app.jinja_env.get_template("macros/secret.html").module
    may_wipe = secret.author_id == current_user.id or policy.may(_me(), "wipe_secret")
    return Markup(macros.mark(secret, value, may_wipe))


def size(length: int) -> str:
    """A number of bytes as one says it: 640 B, 12 kB, 1,4 MB."""
    if length < 1000:
        return f"{length} B"
    if length < 1_000_000:
        return f"{length // 1000} kB"
    return f"{format_decimal(length / 1_000_000, '#,##0.0')} MB"


def kroner(amount: int) -> str:
    """An amount as it is written here, in any language: 50 000 kr."""
    return f"{amount:,} kr".replace(",", " ").replace(" ", "\u00a0")


def phone(number: str) -> str:
    """A phone number as one reads it aloud, and never broken over two lines."""
    return readable(number).replace(" ", "\u00a0")


def timespan(seconds: float) -> str:
    """A stretch of time as one says it: «7 minutter»."""
    return str(format_timedelta(timedelta(seconds=int(seconds))))


def reason(error: str) -> str:
    """Why a message did not go: in our words, or in those of the other side."""
    return str(REASON.get(error, error))


def outbox_trouble() -> OutboxState | None:
    """How the outbox stands, for admins and when somebody should look: one statement a page."""
    if not account_policy.may(_me()):
        return None
    try:
        state = desk.numbers(db.session())
    except SQLAlchemyError:  # this may be the page that says that the database is away
        return None
    return state if state.needs_somebody else None


def here() -> str:
    """The address of this page, for a form that comes back to it."""
    return request.full_path.rstrip("?") if request.method == "GET" else request.path


def _me() -> Any:
    return current_user._get_current_object()
