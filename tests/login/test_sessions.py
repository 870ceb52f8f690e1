"""Sessions end on the server: a copy of the cookie is worth nothing afterwards."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from console.accounts import rules
from console.extensions import db
from console.models import AccountEvent, Login
from console.transaction import change
from tests.conftest import PASSWORD
from tests.login.conftest import OTHER_PASSWORD, copy_of, is_in, log_in

NEW = {
    "password": PASSWORD,
    "new_password": OTHER_PASSWORD,
    "new_password_confirm": OTHER_PASSWORD,
}
APPROVED, DECLINED = "You have been approved", "was declined"


def open_logins(app):
    with app.app_context():
        open_ones = sa.select(sa.func.count(Login.id)).where(Login.ended_at.is_(None))
        return db.session.scalar(open_ones)


def english_browser(app):
    client = app.test_client()
    client.set_cookie("language", "en")
    log_in(client, "Kari Moe")
    return client


def test_a_copied_cookie_is_worth_nothing_after_the_log_out(app, browser_of):
    client = browser_of("kari")
    thief = copy_of(client)
    assert is_in(thief)
    answer = client.send("/logout")
    assert (answer.status_code, answer.location) == (302, "/login")
    assert not is_in(client)
    assert not is_in(thief)
    assert open_logins(app) == 0


def test_logging_out_here_leaves_the_other_device_alone(browser_of):
    here, there = browser_of("kari"), browser_of("kari")
    here.send("/logout")
    assert not is_in(here)
    assert is_in(there)


def test_one_is_not_logged_out_by_following_a_link(app, browser_of):
    client = browser_of("kari")
    client.get("/logout")
    assert is_in(client)
    assert open_logins(app) == 1


@pytest.mark.parametrize("data", [{}, {"csrf_token": "x"}])
def test_one_is_not_logged_out_by_a_foreign_form(browser_of, data):
    client = browser_of("kari")
    client.post("/logout", data=data, headers={"Referer": "https://evil.example/"})
    assert is_in(client)


def test_logging_out_twice_or_as_nobody_is_silence(browser_of, visitor):
    for client in (browser_of("kari"), visitor):
        for _ in range(2):
            assert client.send("/logout").status_code == 302


def test_a_cookie_from_before_the_log_in_stays_worthless(app, cast):
    client = app.test_client()
    client.get("/login")
    thief = copy_of(client)
    before = client.get_cookie("session").value
    log_in(client, "Kari Moe")
    assert client.get_cookie("session").value != before
    assert is_in(client)
    assert not is_in(thief)


def test_each_log_in_is_a_session_of_its_own(app, browser_of):
    first = browser_of("kari")
    old = copy_of(first)
    first.send("/logout")
    log_in(first, "Kari Moe")
    assert is_in(first)
    assert not is_in(old)


def test_one_who_is_in_already_gets_no_second_session(app, browser_of):
    client = browser_of("kari")
    assert log_in(client, "Per Ås").status_code == 302
    assert open_logins(app) == 1
    assert "Kari Moe" in client.get("/tickets/").text


def test_a_new_password_ends_the_sessions_everywhere_else(app, browser_of, account):
    here, there = browser_of("kari"), browser_of("kari")
    thief = copy_of(here)
    assert here.send("/change", NEW).status_code == 302
    assert is_in(here)
    assert not is_in(there)
    assert not is_in(thief)
    with app.app_context():
        kinds = sa.select(AccountEvent.kind).where(
            AccountEvent.account_id == account("kari@kunde.example").id
        )
        assert list(db.session.scalars(kinds)) == ["account.created", "account.password_changed"]
    assert log_in(there, "Kari Moe").status_code == 200
    assert log_in(there, "Kari Moe", OTHER_PASSWORD).status_code == 302


@pytest.mark.parametrize(
    "words",
    [
        {"password": OTHER_PASSWORD},
        {"password": ""},
        {"new_password_confirm": PASSWORD},
        {"new_password": "kort", "new_password_confirm": "kort"},
        {"new_password": "password1234", "new_password_confirm": "password1234"},
        {"new_password": "kari@kunde.example", "new_password_confirm": "kari@kunde.example"},
        {"new_password": "y" * 257, "new_password_confirm": "y" * 257},
        {"new_password": "y" * 100_000, "new_password_confirm": "y" * 100_000},
        {"password": "y" * 100_000},
    ],
    ids=lambda words: ",".join(f"{name}={value[:20]}" for name, value in words.items()),
)
def test_a_password_that_cannot_be_changed_stays(browser_of, account, words):
    here, there = browser_of("kari"), browser_of("kari")
    before = account("kari@kunde.example")
    assert here.send("/change", {**NEW, **words}).status_code == 200
    after = account("kari@kunde.example")
    assert (after.password, after.fs_uniquifier) == (before.password, before.fs_uniquifier)
    assert is_in(here)
    assert is_in(there)


def test_only_one_who_is_in_changes_a_password(visitor, cast):
    assert visitor.get("/change").status_code == 302
    assert visitor.send("/change", NEW).status_code == 302
    assert log_in(visitor, "Kari Moe").status_code == 302


@pytest.mark.parametrize(
    ("verb", "more"),
    [
        (rules.change_role, {"to": "drift"}),
        (rules.deactivate, {}),
        (rules.issue_link, {}),
    ],
    ids=["role", "deactivation", "link"],
)
def test_what_an_admin_does_ends_the_sessions_at_once(browser_of, as_anne, verb, more):
    kari, per = browser_of("kari"), browser_of("per")
    as_anne(verb, "kari", **more)
    assert not is_in(kari)
    assert kari.get("/admin/").status_code in (302, 404)
    assert is_in(per)


def test_a_session_that_has_ended_does_not_come_back_with_the_account(browser_of, as_anne):
    client = browser_of("kari")
    as_anne(rules.deactivate, "kari")
    as_anne(rules.reactivate, "kari")
    assert not is_in(client)


def test_one_whose_role_has_changed_is_what_one_became(browser_of, as_anne):
    client = browser_of("ola")
    as_anne(rules.change_role, "ola", to="bruker")
    assert not is_in(client)
    log_in(client, "Ola Drift")
    assert client.get("/").location == "/tickets/"
    assert client.get("/admin/").status_code == 404


def test_a_session_lives_a_week_and_no_longer(app, browser_of):
    client = browser_of("kari")
    begun = datetime.now(UTC)
    with time_machine.travel(begun + Login.LIFETIME - timedelta(minutes=1)):
        assert is_in(client)
    with time_machine.travel(begun + Login.LIFETIME + timedelta(minutes=1)):
        assert not is_in(client)
        log_in(client, "Kari Moe")
        assert is_in(client)


def test_a_session_is_not_made_longer_by_using_it(browser_of):
    client = browser_of("kari")
    begun = datetime.now(UTC)
    for days in range(1, 7):
        with time_machine.travel(begun + timedelta(days=days)):
            assert is_in(client)
    with time_machine.travel(begun + timedelta(days=7, minutes=1)):
        assert not is_in(client)


def test_the_cookie_says_nothing_and_is_not_kept(browser_of, account):
    client = browser_of("kari")
    cookie = client.get_cookie("session")
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert cookie.expires is None
    assert cookie.path == "/"
    assert PASSWORD not in cookie.value
    assert client.get_cookie("remember_token") is None


@pytest.mark.parametrize("name", ["remember", "remember_me"])
def test_nobody_is_remembered_beyond_the_session(visitor, cast, name):
    log_in(visitor, "Kari Moe", **{name: "y"})
    assert is_in(visitor)
    assert visitor.get_cookie("remember_token") is None


def one_that_asks(app, cast):
    with app.app_context(), change() as session:
        kari = rules.get(session, cast.kari)
        rules.registered(session, kari, wish="drift", policy="approve")


@pytest.mark.parametrize(("answer", "told"), [(rules.approve, APPROVED), (rules.decline, DECLINED)])
@pytest.mark.parametrize("has_been_in", [True, False])
def test_an_answer_is_told_at_the_next_log_in_and_only_then(
    app, cast, browser_of, as_anne, answer, told, has_been_in
):
    one_that_asks(app, cast)
    if has_been_in:
        browser_of("kari")
    as_anne(answer, "kari")
    client = english_browser(app)
    place = client.get("/").location
    assert told in client.get(place).text
    assert told not in client.get(place).text
    client.send("/logout")
    log_in(client, "Kari Moe")
    assert told not in client.get(place).text


def test_an_approved_worker_lands_in_the_console(app, cast, browser_of, as_anne):
    one_that_asks(app, cast)
    before = browser_of("kari")
    assert before.get("/admin/").status_code == 404
    as_anne(rules.approve, "kari")
    assert not is_in(before)
    after = browser_of("kari")
    assert after.get("/").location == "/admin/"
    assert after.get("/admin/").status_code == 200


def test_only_the_last_answer_is_told(app, cast, as_anne):
    one_that_asks(app, cast)
    as_anne(rules.decline, "kari")
    one_that_asks(app, cast)
    as_anne(rules.approve, "kari")
    page = english_browser(app).get("/admin/").text
    assert APPROVED in page
    assert DECLINED not in page
