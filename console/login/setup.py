"""Tying Flask-Security to the application: which of its pages there are and how they behave."""

from datetime import timedelta
from typing import Any

from flask import Flask, abort, redirect, request, url_for
from flask_babel import lazy_gettext as _
from flask_login import current_user
from flask_security import Security, SQLAlchemyUserDatastore

from console import clock, faults
from console.accounts import passwords
from console.extensions import db
from console.login import sessions
from console.login.forms import OneFieldLogin, Registration
from console.login.utilities import Outbox, Passwords
from console.models import Role, User


def defaults(config: dict[str, Any], catalogues: str) -> dict[str, Any]:
    """Flask-Security's settings. Those that surprise have their reason beside them."""
    return {
        "SECURITY_REGISTERABLE": True,
        "SECURITY_RECOVERABLE": True,
        "SECURITY_CHANGEABLE": True,
        # Always on: it is also what keeps Flask-Security from logging a new account in, which
        # would tell a new address from a known one. Without mail, sessions.register() confirms.
        "SECURITY_CONFIRMABLE": True,
        "SECURITY_AUTO_LOGIN_AFTER_CONFIRM": False,
        "SECURITY_RETURN_GENERIC_RESPONSES": True,
        "SECURITY_SEND_REGISTER_EMAIL": bool(config["MAIL_SERVER"]),
        "SECURITY_EMAIL_SENDER": config["MAIL_DEFAULT_SENDER"],
        "SECURITY_EMAIL_HTML": False,
        "SECURITY_EMAIL_VALIDATOR_ARGS": {"check_deliverability": False},
        "SECURITY_RESET_PASSWORD_WITHIN": timedelta(days=2),
        "SECURITY_CONFIRM_EMAIL_WITHIN": timedelta(days=5),
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_PASSWORD_LENGTH_MIN": passwords.LEAST,
        # For tokens in links, which are signed. The default takes a quarter of a second, and only
        # for an address that is new: it would tell by the clock what the page does not.
        "SECURITY_HASHING_SCHEMES": ["hex_sha256"],
        "SECURITY_DEPRECATED_HASHING_SCHEMES": [],
        "SECURITY_JOIN_USER_ROLES": False,  # our `roles` is a property, not a relationship
        "SECURITY_DATETIME_FACTORY": clock.now,  # its own gives a time without a zone
        "SECURITY_API_ENABLED_METHODS": ["session"],
        "SECURITY_LOGOUT_CSRF": True,
        "SECURITY_POST_LOGIN_VIEW": "/",
        "SECURITY_POST_LOGOUT_VIEW": "/login",
        "SECURITY_POST_REGISTER_VIEW": "/login",
        "SECURITY_SCRIPT_NONCE_KEY": "csp_nonce",
        # Flask-Security's own would send «private=True, no-store=True», which no cache obeys.
        "SECURITY_CACHE_CONTROL": None,
        "SECURITY_I18N_DIRNAME": ["builtin", catalogues],
        "SECURITY_MSG_GENERIC_AUTHN_FAILED": (
            _("Wrong username, e-mail address or password."),
            "error",
        ),
        "SECURITY_MSG_CONFIRM_REGISTRATION": (
            _(
                "Thank you. If the address was new to us, a mail with a link is on its way to it; "
                "follow the link, and you can log in. If you had an account already, it is as "
                "it was."
            )
            if config["MAIL_SERVER"]
            else _(
                "Thank you. If the address was new to us, the account is ready and you can log "
                "in with the address. If you had an account already, it is as it was."
            ),
            "success",
        ),
        "SECURITY_MSG_PASSWORD_RESET_REQUEST": (
            _("If that address has an account, a mail with a link is on its way to it."),
            "info",
        )
        if config["MAIL_SERVER"]
        else (
            _(
                "If that address has an account, an admin can now read the link in the outbox "
                "and give it to you. Mail is not set up here."
            ),
            "info",
        ),
    }


def init_app(app: Flask) -> None:
    """Set Flask-Security up on the application."""
    sessions.connect(app)
    security = Security(
        app,
        SQLAlchemyUserDatastore(db, User, Role),
        login_form=OneFieldLogin,
        register_form=Registration,
        mail_util_cls=Outbox,
        password_util_cls=Passwords,
    )
    app.login_manager.user_loader(sessions.load_user)  # type: ignore[attr-defined]
    # Only the cookie logs one in: no tokens in headers, no Basic.
    app.login_manager.request_loader(lambda request: None)  # type: ignore[attr-defined]
    security.want_json(lambda request: False)
    app.before_request(forms_only)
    security.unauthn_handler(to_login)


def forms_only() -> None:
    """Refuse JSON: Flask-Security would read it past our limits, and with any types in it."""
    if request.blueprint == "security" and request.mimetype.endswith("json"):
        abort(415)


def members_only() -> Any:
    """Before a door's requests: let in whoever is logged in."""
    return None if current_user.is_authenticated else to_login()


def to_login(*_args: Any, **_kwargs: Any) -> Any:
    """Send one who is not logged in to the log-in page, and back afterwards.

    A form that was open while its session ended gets a page with what was typed: nothing of
    that may be lost.
    """
    if faults.typed():
        return faults.page(401)
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("security.login", next=back if back not in (None, "/") else None))
