"""Pages of nobody in particular: the way in, preferences, a sign of life."""

from typing import Any

from flask import Blueprint, current_app, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from console.accounts import notices
from console.addresses import is_ours
from console.language import COOKIE, LANGUAGES
from console.login.sessions import me
from console.models import WORK
from console.transaction import change

pages = Blueprint("pages", __name__)
THEMES = ("auto", "light", "dark")
YEAR = 365 * 24 * 3600


@pages.get("/")
def home() -> Any:
    """To one's own work, or to the log-in."""
    if not current_user.is_authenticated:
        return redirect(url_for("security.login"))
    return redirect(url_for("admin.index" if current_user.can(WORK) else "portal.index"))


@pages.get("/healthz")
def healthz() -> Any:
    """The process answers. Whether all behind it does is another question."""
    return {"status": "ok"}


@pages.post("/preferences")
def preferences() -> Response:
    """Remember the language and the colours in this browser, and the language for one's mails."""
    back = request.form.get("next", "")
    if not is_ours(back):
        back = url_for("pages.home")
    language = request.form.get(COOKIE)
    if language in LANGUAGES and current_user.is_authenticated and me().language != language:
        with change():
            notices.speak(me(), language)
    response = redirect(back, 303)
    for name, allowed in ((COOKIE, LANGUAGES), ("theme", THEMES)):
        value = request.form.get(name)
        if value and value in allowed:
            response.set_cookie(
                name,
                value,
                max_age=YEAR,
                secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
                httponly=True,
                samesite="Lax",
            )
    return response
