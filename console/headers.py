"""What every answer carries: a strict content policy, no caching of pages, an id for the log."""

import hashlib
import secrets
from functools import cache
from pathlib import Path

import flask_admin
from flask import Flask, Response, current_app, g, request, url_for

YEAR = 365 * 24 * 3600
STATIC = ("static", "admin.static")
FOLDERS = {
    "static": Path(__file__).parent / "static",
    "admin.static": Path(flask_admin.__file__).parent / "static",
}


def init_app(app: Flask) -> None:
    """Name every request, and add the headers to every answer."""
    app.before_request(name_request)
    app.after_request(add_headers)
    app.jinja_env.globals["asset"] = asset


def name_request() -> None:
    """Give the request an id, shown on error pages and written in the log, and a nonce."""
    g.request_id = secrets.token_hex(6)
    g.csp_nonce = secrets.token_urlsafe(18)


def nonce() -> str:
    """The one nonce of this page's scripts."""
    if "csp_nonce" not in g:
        name_request()
    return str(g.csp_nonce)


def add_headers(response: Response) -> Response:
    """Lock the page to our own scripts and styles, and keep it out of every cache."""
    headers = response.headers
    # A file that somebody attached has a stricter one of its own.
    headers.setdefault(
        "Content-Security-Policy",
        f"default-src 'self'; script-src 'nonce-{nonce()}'; style-src 'self'; "
        "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'",
    )
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if _is_https():
        headers["Strict-Transport-Security"] = f"max-age={YEAR}; includeSubDomains"
    if request.endpoint in STATIC and response.status_code in (200, 304):
        # The address of a file holds the hash of what is in it: it never changes.
        named = "v" in request.args
        headers["Cache-Control"] = f"public, max-age={YEAR}, immutable" if named else "no-cache"
    else:
        headers["Cache-Control"] = "no-store, private"
        response.vary.add("Cookie")
    return response


def asset(filename: str, endpoint: str = "static") -> str:
    """The address of a static file, with the hash of its content."""
    return url_for(endpoint, filename=filename, v=_hash(endpoint, filename))


@cache
def _hash(endpoint: str, filename: str) -> str:
    return hashlib.sha256((FOLDERS[endpoint] / filename).read_bytes()).hexdigest()[:10]


def _is_https() -> bool:
    return str(current_app.config["BASE_URL"]).startswith("https://")
