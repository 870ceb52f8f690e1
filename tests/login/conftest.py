"""What the tests of the log-in share: a look into the outbox, and a second application."""

import re
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from console import create_app
from console.extensions import db
from console.models import Delivery, User
from console.transaction import change
from tests.conftest import NAMES, PASSWORD, Cast, Inspector, configuration

OTHER_PASSWORD = "hest batteri stift korrekt"


@pytest.fixture
def new_app(app: Flask) -> Iterator[Callable[..., Flask]]:
    """Make another application on the same database, as a second process would."""
    made = []

    def make(**settings: str) -> Flask:
        other = create_app(configuration(app.config["SQLALCHEMY_DATABASE_URI"], **settings))
        other.test_client_class = Inspector
        made.append(other)
        return other

    yield make
    for other in made:
        with other.app_context():
            db.engine.dispose()


@pytest.fixture
def outbox(app: Flask) -> Callable[[], list[tuple[str, str]]]:
    """The recipient and the text of every mail that is owed."""

    def read() -> list[tuple[str, str]]:
        with app.app_context():
            mails = db.session.execute(sa.select(Delivery.recipient, Delivery.body).order_by("id"))
            return [(recipient, body) for recipient, body in mails]

    return read


@pytest.fixture
def account(app: Flask) -> Callable[[str], User | None]:
    """The account of an address, as it now stands in the database."""

    def read(email: str) -> User | None:
        with app.app_context():
            return db.session.scalar(sa.select(User).where(User.email == email))

    return read


@pytest.fixture
def as_anne(app: Flask, cast: Cast) -> Callable[..., None]:
    """Let the admin do something to one of the cast."""

    def do(verb: Callable, who: str, **more: str) -> None:
        with app.app_context(), change() as session:
            anne, account = (session.get_one(User, n) for n in (cast.anne, getattr(cast, who)))
            verb(session, anne, account, **more)

    return do


@pytest.fixture
def reset_link(visitor: Inspector, outbox: Callable) -> Callable[[str], str]:
    """Ask for a new password and answer the path of the link that came."""

    def ask(who: str) -> str:
        before = len(outbox())
        visitor.send("/reset", {"email": NAMES[who][1]})
        [(recipient, body)] = outbox()[before:]
        assert recipient == NAMES[who][1]
        return re.search(r"http://127\.0\.0\.1:5000(/reset/\S+)", body)[1]  # type: ignore[index]

    return ask


def log_in(client: FlaskClient, name: str, password: str = PASSWORD, **more: str) -> TestResponse:
    """Fill in the log-in form."""
    return client.send("/login", {"email": name, "password": password, **more})  # type: ignore


def is_in(client: FlaskClient) -> bool:
    """Whether somebody is logged in to this browser."""
    answer = client.get("/tickets/")
    assert answer.status_code in (200, 302)
    return answer.status_code == 200


def copy_of(client: FlaskClient) -> FlaskClient:
    """Another browser with the same session cookie, as a thief would have."""
    thief = client.application.test_client()
    cookie = client.get_cookie("session")
    assert cookie
    thief.set_cookie("session", cookie.value)
    return thief


def heard(client: FlaskClient, path: str, data: dict[str, str]) -> tuple:
    """All that a stranger can see of the answer to a form, but for what the stranger typed."""
    answer = client.send(path, data)  # type: ignore[attr-defined]
    after = client.get(answer.location).text if answer.location else ""
    return (answer.status_code, answer.location, *(plain(t, data) for t in (answer.text, after)))


def plain(text: str, data: dict[str, str]) -> str:
    """The page without what is new on every page, and without what was typed."""
    text = re.sub(r'(name="csrf_token"[^>]*value=|nonce=)"[^"]*"', "", text)
    for typed in filter(None, data.values()):
        text = re.sub(f'value="{re.escape(typed)}"', "value", text, flags=re.IGNORECASE)
        if "@" in typed:
            text = re.sub(re.escape(typed.strip()), "…", text, flags=re.IGNORECASE)
    return text
