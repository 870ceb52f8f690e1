"""Error pages: what went wrong, in the frame of all other pages, with an id from the log."""

import logging
from typing import Any

from flask import Flask, Response, flash, g, redirect, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import (
    HTTPException,
    InternalServerError,
    SecurityError,
    ServiceUnavailable,
)

from console.attachments.store import FULL
from console.extensions import db
from console.refusals import Refusal

log = logging.getLogger(__name__)
# Fields whose text is given back when the form it was typed into could not be taken.
KEPT = (
    "requester", "title", "description", "body", "reason", "name", "domains", "add", "remove"
)  # fmt: skip
RETRY_AFTER = "10"


def init_app(app: Flask) -> None:
    """Answer every error with a page."""
    app.register_error_handler(HTTPException, http_page)
    app.register_error_handler(CSRFError, csrf_page)
    app.register_error_handler(500, fault_page)


def sentence(status: int) -> tuple[str, str]:
    """The headline and the sentence of an error."""
    sentences = {
        400: (
            _("We did not understand that"),
            _("The address or the form does not belong to these pages."),
        ),
        401: (_("Log in first"), _("This page is for those who are logged in.")),
        403: (_("Not allowed"), _("Your account may not do that. Ask an admin if it should.")),
        404: (
            _("Not found"),
            _("There is nothing here, or nothing that your account may see."),
        ),
        405: (_("That does not work here"), _("This address cannot be used like that.")),
        409: (_("Somebody was quicker"), _("This was changed meanwhile. Look at it again.")),
        413: (
            _("Too large"),
            _("What you sent is larger than we can take. Go back: your text is still in the form."),
        ),
        429: (
            _("Too many tries"),
            _("Wait a few minutes, and then try again. Your account has not been closed."),
        ),
        503: (
            _("Unavailable just now"),
            _("The program cannot reach its database just now. Nothing was lost; try again soon."),
        ),
        507: (
            _("No room just now"),
            _(
                "There is no room for what you sent. Go back: your text is still in the form. "
                "Send it without files, or try again later."
            ),
        ),
    }
    fallback = (
        _("Something went wrong here"),
        _("It is not your fault, and it has been logged. Nothing was half done."),
    )
    return sentences.get(status, fallback if status >= 500 else sentences[400])


def page(status: int, *, headers: Any = None, **context: Any) -> Response:
    """The error page, in the frame of all others."""
    headline, text = sentence(status)
    body = render_template(
        "errors/error.html",
        status=status,
        headline=context.pop("headline", headline),
        text=context.pop("text", text),
        request_id=g.get("request_id", "-"),
        typed=typed() if status not in (404, 405, 413, 507) else [],
        **context,
    )
    return Response(body, status, headers)


def typed() -> list[tuple[str, str]]:
    """What was written into the form that could not be taken, to be given back."""
    try:
        return [(name, request.form[name]) for name in KEPT if request.form.get(name)]
    except HTTPException:  # it broke off, or cannot be read: that is why we are here
        return []


def http_page(error: HTTPException) -> Response | HTTPException:
    """The page of an HTTP error, with the headers that belong to it (Allow, Retry-After)."""
    if error.response is not None or error.code is None or error.code < 400:
        return error
    if isinstance(error, SecurityError):
        # A Host that is not ours: no page, for a page is full of addresses.
        return Response(_("This site is not known by that name."), 400, mimetype="text/plain")
    if error.code in (403, 429):
        log.warning("%s for %s %s", error.code, request.method, request.path)
    keep = [(k, v) for k, v in error.get_headers() if k in ("Allow", "Retry-After")]
    return page(error.code, headers=keep)


def logged_out() -> str:
    """What is said of a form without a proof of its origin."""
    return _("You were logged out meanwhile, or the form did not come from our own page.")


def csrf_page(error: CSRFError) -> Response:
    """The form's proof of origin is gone (log-out in another tab): give back what was typed."""
    log.warning("csrf refused for %s", request.path)
    return page(
        400,
        text=logged_out(),
    )


def fault_page(error: InternalServerError) -> Response:
    """Log the fault whole, and show none of it."""
    db.session.rollback()
    cause = error.original_exception or error
    if away := _find_away(cause):
        log.error("database: %s", type(away.orig).__name__)
        return page(503, headers={"Retry-After": RETRY_AFTER})
    if isinstance(cause, ServiceUnavailable):
        return page(503, headers={"Retry-After": RETRY_AFTER})
    if isinstance(cause, OSError) and cause.errno in FULL:
        log.error("no room at %s %s: %s", request.method, request.path, cause)
        return page(507)
    log.error("fault at %s %s", request.method, request.path, exc_info=cause)
    return page(500)


def _find_away(error: BaseException | None) -> DBAPIError | None:
    """The lost database behind the error: what follows it may be of another kind."""
    for _depth in range(10):
        if error is None or (isinstance(error, DBAPIError) and _is_away(error)):
            return error
        error = error.__cause__ or error.__context__
    return None


def _is_away(error: DBAPIError) -> bool:
    """Whether the database cannot be reached, or is too busy to answer (F04 to F06)."""
    code = error.orig.args[0] if error.orig is not None and error.orig.args else None
    return error.connection_invalidated or code in (
        1040, 1047, 1205, 1213, 1020, 2002, 2003, 2006, 2013
    ) or "locked" in str(error.orig)  # fmt: skip


def refuse(refusal: Refusal, back: str) -> Any:
    """Say why not, and go back to where one came from; what is not there is a 404 page."""
    if refusal.status in (403, 404):
        return page(refusal.status, text=str(refusal))
    flash(str(refusal), "error")
    return redirect(back, 303)
