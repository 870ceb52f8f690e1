"""Logging in: who gets in, what a wrong answer tells, and where one lands."""

import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, unquote, urljoin, urlsplit

import pytest

from console.accounts import rules
from console.extensions import db
from console.models import User
from console.transaction import change
from tests.conftest import PASSWORD
from tests.login.conftest import OTHER_PASSWORD, heard, is_in, log_in

HOST = "localhost"
# What has sent people to other hosts elsewhere: see ../shared/harness/bb.py.
AWAY = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "http:///evil.example",
    " //evil.example",
    "\t//evil.example",
    "/\t/evil.example",
    "/%09/evil.example",
    "//localhost@evil.example",
    "https://localhost.evil.example",
    "https://localhost\\@evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "/tickets/\r\nLocation: https://evil.example",
]


def leaves(location):
    """Whether a browser, which takes \\ for / and skips tabs, would leave our host for it."""
    kept = "".join(c for c in location or "" if c not in "\t\r\n").strip().replace("\\", "/")
    target = urlsplit(urljoin(f"http://{HOST}/login", kept))
    return (target.scheme, target.netloc) != ("http", HOST)


@pytest.mark.parametrize(
    "name",
    [
        "Kari Moe",
        "kari moe",
        "KARI MOE",
        " Kari Moe ",
        "kari@kunde.example",
        "KARI@KUNDE.EXAMPLE",
        " kari@kunde.example ",
    ],
)
def test_one_field_takes_the_name_or_the_address(visitor, cast, name):
    answer = log_in(visitor, name)
    assert (answer.status_code, answer.location) == (302, "/")
    assert is_in(visitor)


@pytest.mark.parametrize(
    ("who", "place"),
    [("kari", "/tickets/"), ("ola", "/admin/"), ("anne", "/admin/")],
)
def test_one_lands_where_ones_work_is(browser_of, who, place):
    client = browser_of(who)
    assert client.get("/").location == place
    assert client.get(place).status_code == 200


def test_what_is_wrong_is_never_told_apart(app, visitor, cast, as_anne):
    as_anne(rules.deactivate, "per")
    with app.app_context(), change() as session:
        rules.create(
            session,
            rules.system_user(session),
            username="Uten Passord",
            email="uten@kunde.example",
            role="bruker",
        )
    heard_by = {
        name: heard(app.test_client(), "/login", {"email": name, "password": password})
        for name, password in [
            ("nobody@kunde.example", PASSWORD),
            ("kari@kunde.example", OTHER_PASSWORD),
            ("Kari Moe", OTHER_PASSWORD),
            ("per@annen.example", PASSWORD),
            ("per@annen.example ", OTHER_PASSWORD),
            ("uten@kunde.example", PASSWORD),
            ("system", PASSWORD),
            ("Nobody", "x" * 300),
        ]
    }
    [answer] = set(heard_by.values())
    assert answer[0] == 200
    assert "Kari" not in answer[2]


def test_ten_people_log_in_at_once(app):
    with app.app_context(), change() as session:
        for number in range(10):
            rules.create(
                session,
                rules.system_user(session),
                username=f"Person {number}",
                email=f"{number}@kunde.example",
                role="bruker",
                password=PASSWORD,
            )
    clients = [app.test_client() for _ in range(10)]
    tokens = [client.token() for client in clients]

    def send(client, token, number):
        words = {"email": f"person {number}", "password": PASSWORD, "csrf_token": token}
        return client.post("/login", data=words).status_code

    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(send, clients, tokens, range(10))) == [302] * 10
    assert all(is_in(client) for client in clients)


@pytest.mark.parametrize("password", ["", " ", PASSWORD + " ", PASSWORD.upper(), PASSWORD[:-1]])
def test_a_password_is_right_or_wrong_to_the_letter(visitor, cast, password):
    assert log_in(visitor, "Kari Moe", password).status_code == 200
    assert not is_in(visitor)


def test_an_inactive_account_cannot_log_in_until_it_is_active_again(visitor, as_anne):
    as_anne(rules.deactivate, "kari")
    assert log_in(visitor, "Kari Moe").status_code == 200
    as_anne(rules.reactivate, "kari")
    assert log_in(visitor, "Kari Moe").status_code == 302


@pytest.mark.parametrize("name", ["system", "System", "system@localhost", ""])
@pytest.mark.parametrize("password", ["", "system", "None"])
def test_nobody_logs_in_as_the_system(visitor, name, password):
    assert log_in(visitor, name, password).status_code == 200
    assert not is_in(visitor)


@pytest.mark.parametrize(
    "typed", ["", "x" * 10_000, "\x00", "kari\x00moe", "🙂" * 80, "\u202e", "' OR 1=1 --", "<b>"]
)
def test_odd_input_is_a_wrong_answer_like_any_other(visitor, cast, typed):
    for data in ({"email": typed, "password": PASSWORD}, {"email": "Per Ås", "password": typed}):
        assert visitor.send("/login", data).status_code == 200
    assert not is_in(visitor)


@pytest.mark.parametrize("field", ["email", "password"])
def test_a_form_without_a_field_is_a_wrong_answer(visitor, cast, field):
    words = {"email": "Kari Moe", "password": PASSWORD}
    del words[field]
    assert visitor.send("/login", words).status_code == 200


@pytest.mark.parametrize("path", ["/login", "/register", "/reset"])
@pytest.mark.parametrize(
    "body",
    [
        {"email": 1, "password": 2},
        {"email": ["a"], "password": {"b": None}},
        {"email": None, "password": True},
        [1, 2],
        "x",
        None,
    ],
    ids=str,
)
def test_json_that_makes_no_sense_is_refused(visitor, path, body):
    headers = {"X-CSRFToken": visitor.token()}
    assert visitor.post(path, json=body, headers=headers).status_code < 500


@pytest.mark.parametrize("size", [257, 100_000])
def test_an_endless_password_is_refused_at_once(visitor, cast, size):
    token = visitor.token()
    begun = time.process_time()
    answer = visitor.post(
        "/login", data={"csrf_token": token, "email": "Kari Moe", "password": "x" * size}
    )
    assert answer.status_code == 200
    assert time.process_time() - begun < 1
    assert not is_in(visitor)


def test_more_than_the_program_takes_is_413(visitor, cast):
    answer = visitor.send("/login", {"email": "Kari Moe", "password": "x" * 3_000_000})
    assert answer.status_code == 413


@pytest.mark.parametrize("away", AWAY)
def test_next_never_leads_to_another_host(app, cast, away):
    words = {"email": "Kari Moe", "password": PASSWORD}
    for path, data in ((f"/login?next={quote(away)}", words), ("/login", {**words, "next": away})):
        client = app.test_client()
        answer = client.send(path, data)
        assert not leaves(answer.location), answer.location
        # One who is logged in already is sent on, too.
        log_in(client, "Kari Moe")
        again = client.get(f"/login?next={quote(away)}")
        assert not leaves(again.location), again.location


@pytest.mark.parametrize("away", AWAY)
def test_next_of_the_preferences_stays_here_as_well(visitor, away):
    answer = visitor.send("/preferences", {"language": "en", "next": away})
    assert not leaves(answer.location), answer.location


@pytest.mark.parametrize("path", ["/tickets/", "/tickets/new", "/tickets/?page=2"])
def test_one_who_was_sent_to_the_log_in_comes_back(visitor, cast, path):
    sent = visitor.get(path)
    assert (sent.status_code, unquote(sent.location)) == (302, f"/login?next={path}")
    words = {"email": "Kari Moe", "password": PASSWORD}
    assert visitor.send(sent.location, words).location == path


def pages(app):
    """Every page of Flask-Security that answers a GET."""
    with app.test_request_context():
        return sorted(
            rule.rule.replace("<token>", "x")
            for rule in app.url_map.iter_rules()
            if rule.endpoint.startswith("security.")
            and "GET" in rule.methods
            and "filename" not in rule.arguments
        )


@pytest.mark.parametrize("who", ["nobody", "kari", "anne"])
def test_no_page_gives_a_token_away(app, visitor, browser_of, who):
    client = visitor if who == "nobody" else browser_of(who)
    assert len(pages(app)) >= 7
    for path in pages(app):
        answer = client.get(f"{path}?include_auth_token", headers={"Accept": "application/json"})
        assert not answer.is_json, path
        assert "authentication_token" not in answer.text, path


def test_a_log_in_by_json_gives_no_token_either(visitor, cast):
    answer = visitor.post(
        "/login?include_auth_token",
        json={"email": "Kari Moe", "password": PASSWORD},
        headers={"X-CSRFToken": visitor.token(), "Accept": "application/json"},
    )
    assert answer.status_code < 500
    assert "token" not in answer.headers.get("Location", "")
    assert "authentication_token" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Basic S2FyaSBNb2U6ZW4gZ3VsIHN5a2tlbCBpIHJlZ25ldA=="},
        {"Authorization": "Bearer x"},
        {"Authentication-Token": "x"},
        {"X-Forwarded-User": "Kari Moe", "Remote-User": "Kari Moe"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_only_the_cookie_logs_one_in(visitor, cast, headers):
    assert visitor.get("/tickets/", headers=headers).status_code == 302


def test_a_token_in_the_address_is_nothing(app, cast, visitor):
    with app.test_request_context():
        token = db.session.get_one(User, cast.kari).get_auth_token()
    assert visitor.get(f"/tickets/?auth_token={quote(token)}").status_code == 302
    assert visitor.get("/tickets/", headers={"Authentication-Token": token}).status_code == 302


@pytest.mark.parametrize("path", ["/login", "/register", "/reset", "/logout", "/change"])
def test_a_form_without_its_token_does_nothing(browser_of, app, cast, outbox, account, path):
    client = browser_of("kari") if path in ("/logout", "/change") else app.test_client()
    words = {
        "username": "Ida Ny",
        "email": "per@annen.example" if path == "/reset" else "ida@kunde.example",
        "password": PASSWORD,
        "password_confirm": PASSWORD,
        "new_password": OTHER_PASSWORD,
        "new_password_confirm": OTHER_PASSWORD,
        "role": "bruker",
    }
    before = account("kari@kunde.example").password
    for token in ({}, {"csrf_token": ""}, {"csrf_token": "x"}, {"csrf_token": "IjEi.aaaa.bbbb"}):
        answer = client.post(path, data={**words, **token})
        assert answer.status_code in (200, 400)
    assert outbox() == []
    assert account("ida@kunde.example") is None
    assert account("kari@kunde.example").password == before
    if path in ("/logout", "/change"):
        assert is_in(client)
