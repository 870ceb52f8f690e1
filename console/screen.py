"""What every template may call: names of things, permissions, the way a time is said."""

from typing import Any

from flask import Flask, request
from flask_babel import get_locale
from flask_login import current_user

from console.accounts import rules
from console.models import WORK, Event, Status
from console.words import CHANNEL, DELIVERY, MOVE, PERMISSION, STATUS, STATUS_CLASS


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
        MOVE=MOVE,
        PERMISSION=PERMISSION,
        may_administer=lambda: rules.may(_me()),
        is_worker=lambda: current_user.is_authenticated and current_user.can(WORK),
        event_template=event_template,
        here=here,
        chosen_theme=lambda: request.cookies.get("theme", "auto"),
    )


def event_template(event: Event) -> str:
    """The fragment that tells this kind of event: ticket.taken is events/ticket_taken.html."""
    return f"events/{event.kind.replace('.', '_')}.html"


def status_name(status: Status) -> str:
    """The status on the screen, looked up once a language and not once a row."""
    language = str(get_locale())
    if language not in _status_names:
        _status_names[language] = {status: str(name) for status, name in STATUS.items()}
    return _status_names[language][status]


_status_names: dict[str, dict[Status, str]] = {}


def here() -> str:
    """The address of this page, for a form that comes back to it."""
    return request.full_path.rstrip("?") if request.method == "GET" else request.path


def _me() -> Any:
    return current_user._get_current_object()
