"""Registration: what one may ask for, and what a stranger must not learn."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from console.extensions import db
from console.models import AccountEvent, User
from tests.conftest import PASSWORD
from tests.login.conftest import OTHER_PASSWORD, heard, is_in, log_in

IDA = {
    "username": "Ida Ny",
    "email": "ida@kunde.example",
    "password": PASSWORD,
    "password_confirm": PASSWORD,
    "role": "bruker",
}


def history(app, user):
    with app.app_context():
        kinds = sa.select(AccountEvent.kind).where(AccountEvent.account_id == user.id)
        return list(db.session.scalars(kinds.order_by(AccountEvent.id)))


def everybody(app):
    with app.app_context():
        names = sa.select(User.username).where(User.login_name != "system")
        return list(db.session.scalars(names.order_by(User.id)))


def test_the_form_has_the_fields_of_the_contract(visitor):
    page = visitor.get("/register").text
    for name in IDA:
        assert f'name="{name}"' in page
    assert 'value="drift"' in page
    assert 'value="admin"' not in page


def test_one_who_registers_can_log_in_at_once(app, visitor, account):
    answer = visitor.send("/register", IDA)
    assert (answer.status_code, answer.location) == (302, "/login")
    assert not is_in(visitor)
    ida = account("ida@kunde.example")
    assert (ida.username, ida.role_name, ida.requested_role, ida.active) == (
        "Ida Ny",
        "bruker",
        None,
        True,
    )
    assert ida.password.startswith("$argon2id$")
    assert history(app, ida) == ["account.registered"]
    assert log_in(visitor, "ida ny").status_code == 302
    assert is_in(visitor)


def test_one_who_asks_to_be_a_worker_is_a_requester_first(app, visitor, account):
    visitor.send("/register", {**IDA, "role": "drift"})
    ida = account("ida@kunde.example")
    assert (ida.role_name, ida.requested_role) == ("bruker", "drift")
    assert history(app, ida) == ["account.registered", "account.worker_requested"]
    log_in(visitor, "Ida Ny")
    assert visitor.get("/admin/").status_code == 404


@pytest.mark.parametrize("role", ["admin", "Drift", "", "system", "bruker,admin", "x" * 10_000])
def test_nobody_registers_as_anything_else(visitor, account, role):
    assert visitor.send("/register", {**IDA, "role": role}).status_code == 200
    assert account("ida@kunde.example") is None


@pytest.mark.parametrize(
    ("policy", "role", "requested"),
    [("approve", "bruker", "drift"), ("open", "drift", None), ("closed", "bruker", None)],
)
def test_the_wish_to_be_a_worker_meets_the_policy(
    app, monkeypatch, visitor, account, policy, role, requested
):
    monkeypatch.setitem(app.config, "DRIFT_REGISTRATION", policy)
    assert ('value="drift"' in visitor.get("/register").text) == (policy != "closed")
    assert visitor.send("/register", {**IDA, "role": "drift"}).status_code == 302
    ida = account("ida@kunde.example")
    assert (ida.role_name, ida.requested_role) == (role, requested)


def test_without_a_choice_one_registers_without_choosing(app, monkeypatch, visitor, account):
    monkeypatch.setitem(app.config, "DRIFT_REGISTRATION", "closed")
    words = {name: value for name, value in IDA.items() if name != "role"}
    assert visitor.send("/register", words).status_code == 302
    assert account("ida@kunde.example").role_name == "bruker"


@pytest.mark.parametrize(
    "extra",
    [
        {"roles": "admin"},
        {"roles": ["admin", "drift"]},
        {"rolle": "admin"},
        {"role_name": "admin"},
        {"role_id": "3"},
        {"requested_role": "admin"},
        {"active": ""},
        {"active": "false"},
        {"id": "1"},
        {"confirmed_at": ""},
        {"created_at": "2001-01-01"},
        {"login_name": "system"},
        {"fs_uniquifier": "a" * 32},
        {"permissions": "administer"},
        {"passord": "x"},
        {"policy": "open"},
        {"wish": "admin"},
        {"is_admin": "1", "admin": "1", "superuser": "1"},
    ],
    ids=str,
)
def test_a_field_that_a_client_adds_has_no_effect(visitor, account, extra):
    assert visitor.send("/register", {**IDA, **extra}).status_code == 302
    ida = account("ida@kunde.example")
    assert (ida.username, ida.login_name) == ("Ida Ny", "ida ny")
    assert (ida.role_name, ida.requested_role, ida.active) == ("bruker", None, True)
    assert ida.id > 1
    assert ida.fs_uniquifier != "a" * 32
    assert ida.created_at.year > 2025
    assert log_in(visitor, "Ida Ny").status_code == 302


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"username": ""}, "username"),
        ({"username": "ab"}, "username"),
        ({"username": "ida@kunde.example"}, "username"),
        ({"username": "System"}, "username"),
        ({"username": "x" * 65}, "username"),
        ({"username": "<script>alert(1)</script>"}, "username"),
        ({"username": "Ida\x00Ny"}, "username"),
        ({"username": "x" * 10_000}, "username"),
        ({"email": ""}, "email"),
        ({"email": "ida"}, "email"),
        ({"email": "ida@kunde.example\x00"}, "email"),
        ({"email": "x" * 10_000 + "@kunde.example"}, "email"),
        ({"password": "", "password_confirm": ""}, "password"),
        ({"password": "kort", "password_confirm": "kort"}, "password"),
        ({"password": "x" * 11, "password_confirm": "x" * 11}, "password"),
        ({"password": "password1234", "password_confirm": "password1234"}, "password"),
        ({"password": "123456789012", "password_confirm": "123456789012"}, "password"),
        ({"password": "ida@kunde.example", "password_confirm": "ida@kunde.example"}, "password"),
        ({"password": "y" * 257, "password_confirm": "y" * 257}, "password"),
        ({"password": "y" * 100_000, "password_confirm": "y" * 100_000}, "password"),
        ({"password_confirm": OTHER_PASSWORD}, "password_confirm"),
        ({"password_confirm": ""}, "password_confirm"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_the_rest_is_kept(
    app, visitor, account, words, field
):
    answer = visitor.send("/register", {**IDA, **words})
    assert answer.status_code == 200
    assert f'id="{field}-error"' in answer.text
    for name in {"username", "email"} - set(words):
        assert f'value="{IDA[name]}"' in answer.text
    assert PASSWORD not in answer.text
    assert everybody(app) == []


@pytest.mark.parametrize(
    "words",
    [
        {"email": "kari@kunde.example"},
        {"email": " KARI@Kunde.example"},
        {"email": "kari@kunde.example", "username": "Kari Moe"},
        {"username": "Kari Moe"},
        {"username": "KARI MOE"},
        {"email": "per@annen.example", "username": "Kari Moe"},
    ],
)
@pytest.mark.parametrize("role", ["bruker", "drift"])
def test_a_stranger_does_not_learn_who_has_an_account(app, cast, words, role):
    known = heard(app.test_client(), "/register", {**IDA, "role": role, **words})
    new = heard(app.test_client(), "/register", {**IDA, "role": role, "username": "Noen Andre"})
    assert known == new
    assert known[:2] == (302, "/login")


def test_a_known_address_and_a_bad_password_are_told_as_for_a_new_one(app, cast):
    bad = {"password": "password1234", "password_confirm": "password1234"}
    known = heard(app.test_client(), "/register", {**IDA, **bad, "email": "kari@kunde.example"})
    new = heard(app.test_client(), "/register", {**IDA, **bad})
    assert known == new


def test_a_known_address_keeps_its_account_as_it_was(app, visitor, cast, account):
    before = account("kari@kunde.example")
    mine = {"password": OTHER_PASSWORD, "password_confirm": OTHER_PASSWORD, "role": "drift"}
    visitor.send("/register", {**IDA, **mine, "email": "KARI@kunde.example"})
    after = account("kari@kunde.example")
    for name in ("username", "password", "role_name", "requested_role", "fs_uniquifier"):
        assert getattr(after, name) == getattr(before, name)
    assert "Ida Ny" not in everybody(app)


def test_a_taken_username_becomes_the_next_free_one(visitor, cast, account):
    for number, name in enumerate(("Kari Moe", "KARI MOE", "kari moe"), 2):
        visitor.send("/register", {**IDA, "email": f"{number}@x.example", "username": name})
        made = account(f"{number}@x.example")
        assert made.username == f"{name} {number}"
        assert log_in(visitor, f"kari moe {number}").status_code == 302
        visitor.send("/logout")


def test_one_who_is_logged_in_does_not_register(app, browser_of):
    client = browser_of("kari")
    before = everybody(app)
    assert client.get("/register").status_code == 302
    assert client.send("/register", IDA).status_code == 302
    assert everybody(app) == before


def test_the_same_form_ten_times_at_once_is_one_account(app, account):
    clients = [app.test_client() for _ in range(10)]
    tokens = [client.token("/register") for client in clients]

    def send(client, token):
        return client.post("/register", data={**IDA, "csrf_token": token}).status_code

    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(send, clients, tokens)) == {302}
    assert everybody(app) == ["Ida Ny"]
    assert history(app, account("ida@kunde.example")) == ["account.registered"]


def test_five_who_want_one_name_at_once_all_get_one(app):
    clients = [app.test_client() for _ in range(5)]
    tokens = [client.token("/register") for client in clients]

    def send(client, token, number):
        words = {**IDA, "email": f"ida{number}@kunde.example", "csrf_token": token}
        return client.post("/register", data=words).status_code

    with ThreadPoolExecutor(5) as pool:
        assert set(pool.map(send, clients, tokens, range(5))) == {302}
    assert sorted(everybody(app)) == ["Ida Ny", *(f"Ida Ny {n}" for n in range(2, 6))]
