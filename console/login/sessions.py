"""Sessions that end on the server.

The cookie names a row in `logins`; without a living row it is worth nothing. Log-out ends the
row. A new password, a new role and deactivation change the account's fs_uniquifier, and with
it every session of the account is void.
"""

import logging
import secrets
from typing import Any

from flask import Flask, after_this_request, flash, request, session
from flask_babel import gettext as _
from flask_login import current_user, user_logged_in, user_logged_out
from flask_security import password_changed, password_reset, user_confirmed, user_registered
from flask_security.utils import set_request_attr
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from console import clock
from console.accounts import notices, organisations, rules
from console.accounts.rules import Kind
from console.extensions import db
from console.language import COOKIE, LANGUAGES
from console.language import choose as choose_language
from console.login.utilities import commit
from console.models import AccountEvent, Login, User
from console.models.base import UTCDateTime

log = logging.getLogger(__name__)
KEY = "login"


def me() -> User:
    """The account that is logged in, as itself and not as a proxy for it."""
    return current_user._get_current_object()


# Made once, for every request begins with it.
LIVING = (
    select(User)
    .join(Login, Login.user_id == User.id)
    .where(
        User.fs_uniquifier == bindparam("uniquifier"),
        User.active.is_(True),
        Login.id == bindparam("login"),
        Login.ended_at.is_(None),
        Login.started_at > bindparam("begun", type_=UTCDateTime()),
    )
)


def load_user(uniquifier: str) -> User | None:
    """The account behind the cookie, if the log-in it names is alive; one query."""
    if not (login_id := session.get(KEY)):
        return None
    user = db.session.scalar(
        LIVING,
        {"uniquifier": uniquifier, "login": login_id, "begun": clock.now() - Login.LIFETIME},
    )
    if user is not None:
        set_request_attr("fs_authn_via", "session")
        set_request_attr("fs_paa", session.get("fs_paa", 0))
    return user


def begin(app: Flask, user: User) -> None:
    """Add the row of this log-in, and tell what an admin has decided since the last one."""
    _tell_decision(db.session(), user)
    if request.cookies.get(COOKIE) in LANGUAGES:
        notices.speak(user, choose_language())  # what was chosen last, perhaps before the log-in
    login = Login(id=secrets.token_hex(16), user_id=user.id, started_at=clock.now())
    db.session.add(login)
    session[KEY] = login.id
    log.info("log-in of account %s", user.id)


def end(app: Flask, user: User) -> None:
    """End this log-in for good; a copy of the cookie is worth nothing from now on."""
    login = db.session.get(Login, session.pop(KEY, None) or "")
    if login and login.ended_at is None:
        login.ended_at = clock.now()
    # Not change(): a confirmed address, say, is waiting for its commit in this same request.
    after_this_request(commit)


def _tell_decision(work: Session, user: User) -> None:
    last = work.scalar(
        select(Login.started_at)
        .where(Login.user_id == user.id)
        .order_by(Login.started_at.desc())
        .limit(1)
    )
    decisions = (
        select(AccountEvent.kind)
        .where(
            AccountEvent.account_id == user.id,
            AccountEvent.kind.in_((Kind.APPROVED.value, Kind.DECLINED.value)),
        )
        .order_by(AccountEvent.id.desc())
        .limit(1)
    )
    if last:
        decisions = decisions.where(AccountEvent.created_at > last)
    match work.scalar(decisions):
        case Kind.APPROVED.value:
            flash(_("You have been approved as a worker. You can now work on tickets."), "success")
        case Kind.DECLINED.value:
            flash(
                _("Your request to be a worker was declined. You can still create tickets."), "info"
            )


def register(app: Flask, user: User, form_data: dict[str, Any], **_extra: Any) -> None:
    """Finish a registration by the rules: the wish to be a worker, and the history."""
    if not app.config["MAIL_SERVER"]:
        user.confirmed_at = clock.now()  # nobody could send the mail that confirms it
    notices.speak(user, choose_language())
    rules.registered(
        db.session(), user, wish=form_data["role"], policy=app.config["DRIFT_REGISTRATION"]
    )


def confirm(app: Flask, user: User, **_extra: Any) -> None:
    """Put the person under the organisation of an address that is now known to be his."""
    organisations.place(db.session(), user)


def note_password(app: Flask, user: User, **_extra: Any) -> None:
    """Write a new password into the account's history (not which)."""
    rules.record(db.session(), user, user, Kind.PASSWORD_CHANGED)


def connect(app: Flask) -> None:
    """Tie the functions above to what happens in Flask-Login and Flask-Security."""
    user_logged_in.connect(begin, app)
    user_logged_out.connect(end, app)
    user_registered.connect(register, app)
    user_confirmed.connect(confirm, app)
    password_changed.connect(note_password, app)
    password_reset.connect(note_password, app)
