"""What every answer carries, whatever it is."""

import re

import pytest

from console import create_app
from console.extensions import db
from tests.conftest import PASSWORD, Inspector, configuration

BASE_URL = "https://sak.example.no"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
POLICY = {
    "default-src": "'self'",
    "style-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


class Abroad(Inspector):
    """A browser that stands at BASE_URL."""

    def open(self, *args, **kwargs):
        kwargs.setdefault("base_url", BASE_URL)
        kwargs["headers"] = {"Referer": f"{BASE_URL}/login", **kwargs.get("headers", {})}
        return super().open(*args, **kwargs)


@pytest.fixture
def secure(app, cast):
    """A browser on the application as it is served at an https address."""
    other = create_app(configuration(app.config["SQLALCHEMY_DATABASE_URI"], BASE_URL=BASE_URL))
    other.test_client_class = Abroad
    yield other.test_client()
    with other.app_context():
        db.engine.dispose()


def is_locked(answer):
    """Check the headers that no answer may lack."""
    for name, value in ALWAYS.items():
        assert answer.headers[name] == value, name
    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";")
    )
    assert policy.items() >= POLICY.items()
    assert re.fullmatch(r"'nonce-[\w-]{20,}'", policy["script-src"])
    assert "unsafe" not in str(policy)
    assert "*" not in str(policy)
    assert len(answer.headers.getlist("Content-Security-Policy")) == 1
    return True


ANSWERS = {
    "a page": ("GET", "/login", {}, 200),
    "a redirect": ("GET", "/", {}, 302),
    "one for members": ("GET", "/tickets/", {}, 302),
    "the console": ("GET", "/admin/", {}, None),
    "a sign of life": ("GET", "/healthz", {}, 200),
    "nothing there": ("GET", "/nowhere", {}, 404),
    "a strange path": ("GET", "/%00%ff/../..", {}, 404),
    "no static file": ("GET", "/static/nothing.css", {}, 404),
    "out of the folder": ("GET", "/static/../../config.py", {}, 404),
    "no token": ("POST", "/login", {"data": {"email": "x"}}, None),
    "no such method": ("DELETE", "/login", {}, 405),
    "too large": ("POST", "/login", {"data": {"email": "x" * 3_000_000}}, 413),
    "another host": ("GET", "/login", {"base_url": "https://evil.example"}, 400),
    "no host": ("GET", "/login", {"headers": {"Host": ""}}, 400),
    "options": ("OPTIONS", "/login", {}, 200),
    "head": ("HEAD", "/login", {}, 200),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_every_answer_is_locked_to_our_own_things(secure, kind):
    method, path, more, status = ANSWERS[kind]
    answer = secure.open(path, method=method, **more)
    assert status in (None, answer.status_code)
    assert answer.status_code < 500
    assert is_locked(answer)
    assert answer.headers["Cache-Control"] == "no-store, private"
    assert "Cookie" in answer.headers["Vary"]
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert "Traceback" not in answer.text


def test_a_fault_is_locked_and_tells_nothing_but_its_number(app, monkeypatch, visitor):
    def broken():
        raise RuntimeError("the password is 12345")

    monkeypatch.setitem(app.view_functions, "pages.healthz", broken)
    answer = visitor.get("/healthz")
    assert answer.status_code == 500
    assert is_locked(answer)
    assert answer.headers["Cache-Control"] == "no-store, private"
    assert "12345" not in answer.text
    assert "RuntimeError" not in answer.text
    assert re.search(r"\b[0-9a-f]{12}\b", answer.text)


def test_too_many_tries_are_locked_as_well(visitor, cast):
    for _ in range(11):
        answer = visitor.send("/login", {"email": "Kari Moe", "password": "feil"})
    assert answer.status_code == 429
    assert is_locked(answer)


@pytest.mark.parametrize("who", ["kari", "ola", "anne"])
def test_pages_of_members_are_kept_in_no_cache(browser_of, who):
    client = browser_of(who)
    for path in ("/tickets/", "/tickets/new", "/admin/", "/change"):
        answer = client.get(path)
        assert is_locked(answer)
        assert answer.headers["Cache-Control"] == "no-store, private"


def test_each_page_has_a_nonce_of_its_own(visitor):
    nonces = {
        re.search(r"'nonce-(.+?)'", visitor.get("/login").headers["Content-Security-Policy"])[1]
        for _ in range(5)
    }
    assert len(nonces) == 5


def test_cookies_are_for_this_host_and_https_only(secure):
    answer = secure.send("/login", {"email": "Kari Moe", "password": PASSWORD})
    assert answer.status_code == 302
    [cookie] = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-session=")
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert parts >= {"secure", "httponly", "samesite=lax", "path=/"}
    assert not any(part.startswith(("domain", "expires", "max-age")) for part in parts)


@pytest.mark.parametrize("words", [{"language": "en"}, {"theme": "dark"}])
def test_preferences_are_for_https_only_as_well(secure, words):
    answer = secure.send("/preferences", words)
    [cookie] = [c for c in answer.headers.getlist("Set-Cookie") if "session" not in c]
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert parts >= {"secure", "samesite=lax"}


def test_without_https_the_cookie_still_is_no_scripts_business(visitor, cast):
    answer = visitor.send("/login", {"email": "Kari Moe", "password": PASSWORD})
    [cookie] = answer.headers.getlist("Set-Cookie")
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert cookie.startswith("session=")
    assert parts >= {"httponly", "samesite=lax", "path=/"}
    assert "secure" not in parts
    assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.parametrize(
    "host",
    ["evil.example", "sak.example.no.evil.example", "evil.example:443", "127.0.0.1", "localhost"],
)
def test_another_host_is_refused_wherever_it_asks(secure, host):
    for path in ("/login", "/", "/nowhere", "/static/console.css", "/healthz"):
        answer = secure.get(path, base_url=f"https://{host}")
        assert answer.status_code == 400, path
        assert "evil.example" not in answer.text
        assert "location" not in answer.headers


@pytest.mark.parametrize("host", ["sak.example.no", "sak.example.no:443", "SAK.EXAMPLE.NO"])
def test_our_own_host_is_ours_in_all_its_forms(secure, host):
    assert secure.get("/login", base_url=f"https://{host}").status_code == 200


@pytest.mark.parametrize("path", ["/", "/tickets/", "/admin/", "/login?next=/tickets/"])
def test_no_redirect_names_a_host(secure, path):
    answer = secure.get(path)
    assert (answer.location or "/").startswith("/")


def assets(client):
    return re.findall(r'(?:href|src)="(/[^"]*\?v=[^"]+)"', client.get("/login").text)


def test_files_with_their_hash_are_cached_for_a_year(visitor):
    found = assets(visitor)
    assert len(found) >= 4
    for path in found:
        with visitor.get(path) as answer:
            assert answer.status_code == 200, path
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_files_without_their_hash_are_asked_for_again(visitor):
    for path in assets(visitor):
        plain = path.partition("?")[0]
        with visitor.get(plain) as answer:
            assert answer.headers["Cache-Control"] == "no-cache"
            seen = {"If-None-Match": answer.headers["ETag"]}
        with visitor.get(plain, headers=seen) as again:
            assert again.status_code == 304


def test_no_file_brings_a_cookie_to_what_all_may_keep(visitor):
    """A cache between would hand one visitor's session to the next."""
    for path in assets(visitor):
        with visitor.get(path) as answer:
            assert "Set-Cookie" not in answer.headers, path


def test_a_file_that_is_not_there_is_not_cached(visitor):
    answer = visitor.get("/static/nothing.css?v=abc")
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize(
    "path", ["/static/../config.py", "/static/%2e%2e/%2e%2e/config.py", "/.env"]
)
def test_only_static_files_are_static(visitor, path):
    assert visitor.get(path).status_code == 404
