"""Too many tries: counted for an account and for an address, by all processes together."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from console.extensions import db
from console.models import Rate
from tests.conftest import NAMES, PASSWORD
from tests.login.conftest import OTHER_PASSWORD, heard, log_in


def guess(client, times, name="kari@kunde.example", **more):
    """The statuses of so many wrong passwords."""
    token = client.token()
    return [
        client.post(
            "/login",
            data={"csrf_token": token, "email": name, "password": f"feil passord {n}"},
            **more,
        ).status_code
        for n in range(times)
    ]


def test_ten_wrong_passwords_are_answered_and_no_more(visitor, cast):
    assert guess(visitor, 12) == [200] * 10 + [429] * 2


def test_the_answer_says_when_to_come_back(visitor, cast):
    guess(visitor, 10)
    answer = log_in(visitor, "Kari Moe")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 300
    assert "<h1" in answer.text


def test_the_right_password_waits_as_well_and_then_gets_in(app, visitor, cast):
    guess(visitor, 10)
    assert log_in(app.test_client(), "Kari Moe").status_code == 429
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=5, seconds=2)):
        assert log_in(app.test_client(), "Kari Moe").status_code == 302


def test_other_accounts_are_not_slowed(app, visitor, cast):
    guess(visitor, 10)
    assert log_in(app.test_client(), "Per Ås").status_code == 302


def test_all_names_of_an_account_count_together(app, cast):
    client = app.test_client()
    for name in ("Kari Moe", "kari moe", "KARI@kunde.example", "ｋａｒｉ moe", " Kari Moe "):
        assert guess(client, 2, name) == [200, 200]
    assert guess(client, 1, "kari@kunde.example") == [429]


def test_right_passwords_are_not_counted(app, cast):
    for _ in range(12):
        assert log_in(app.test_client(), "Kari Moe").status_code == 302
    assert guess(app.test_client(), 1) == [200]


def test_a_name_that_nobody_has_is_slowed_like_any_other(app, cast):
    known = guess(app.test_client(), 11, "Kari Moe")
    assert known == [200] * 10 + [429]
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=6)):
        assert guess(app.test_client(), 11, "Ingen Her") == known


def test_an_address_has_twenty_tries_for_all_accounts_together(app, cast):
    client = app.test_client()
    for number in range(20):
        assert guess(client, 1, f"gjest{number}@kunde.example") == [200]
    assert guess(client, 1, "enda.en@kunde.example") == [429]
    assert log_in(client, "Kari Moe").status_code == 429
    assert (
        log_in(client, "Kari Moe", environ_base={"REMOTE_ADDR": "203.0.113.7"}).status_code != 302
    )


def test_an_account_is_slowed_from_wherever_the_tries_come(app, cast):
    client = app.test_client()
    token = client.token()
    statuses = [
        client.post(
            "/login",
            data={"csrf_token": token, "email": "Kari Moe", "password": "feil"},
            environ_base={"REMOTE_ADDR": f"203.0.113.{n}"},
        ).status_code
        for n in range(12)
    ]
    assert statuses == [200] * 10 + [429] * 2


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP"]
)
def test_a_made_up_address_does_not_help(app, cast, header):
    client = app.test_client()
    statuses = []
    for number in range(21):
        name = f"gjest{number}@kunde.example"
        statuses += guess(client, 1, name, headers={header: f"203.0.113.{number}"})
    assert statuses == [200] * 20 + [429]


def test_two_processes_count_together(app, new_app, cast):
    one, other = app.test_client(), new_app().test_client()
    assert guess(one, 6) + guess(other, 4) == [200] * 10
    assert guess(one, 1) == guess(other, 1) == [429]


def test_more_processes_do_not_count_faster(app, new_app, cast):
    """The limits hang on views of Flask-Security that all applications share."""
    for _ in range(3):
        new_app()
    assert guess(app.test_client(), 11) == [200] * 10 + [429]


def test_looking_at_the_page_is_no_try(visitor, cast):
    for _ in range(25):
        assert visitor.get("/login").status_code == 200
    assert guess(visitor, 1) == [200]


def test_json_is_no_way_around_the_count(visitor, cast):
    headers = {"X-CSRFToken": visitor.token()}
    statuses = []
    for number in range(11):
        words = {"email": "Kari Moe", "password": f"feil {number}"}
        statuses.append(visitor.post("/login", json=words, headers=headers).status_code)
    assert statuses[-1] >= 400
    right = {"email": "Kari Moe", "password": PASSWORD}
    visitor.post("/login", json=right, headers=headers)
    assert visitor.get("/tickets/").status_code == 302
    if statuses[0] == 200:  # it was looked at, so it counts
        assert guess(visitor, 1) == [429]


def test_the_old_password_cannot_be_guessed_at_the_change(browser_of):
    client = browser_of("kari")
    words = {"new_password": OTHER_PASSWORD, "new_password_confirm": OTHER_PASSWORD}
    statuses = [
        client.send("/change", {**words, "password": f"feil passord {n}"}).status_code
        for n in range(12)
    ]
    assert statuses == [200] * 10 + [429] * 2


def test_the_password_cannot_be_guessed_at_the_second_look(browser_of):
    """Whoever sits at an open session must not find out the password by /verify."""
    client = browser_of("kari")
    statuses = [
        client.send("/verify", {"password": f"feil passord {n}"}).status_code for n in range(12)
    ]
    assert statuses[0] in (200, 404)
    assert statuses[-1] in (404, 429)


def asked(client, times, email):
    return [client.send("/reset", {"email": email}).status_code for _ in range(times)]


@pytest.mark.parametrize("email", [NAMES["kari"][1], "nobody@kunde.example"])
def test_five_mails_an_hour_are_enough_for_one_address(app, cast, outbox, email):
    assert asked(app.test_client(), 7, email) == [200] * 5 + [429] * 2
    assert len(outbox()) == (5 if email == NAMES["kari"][1] else 0)
    answer = app.test_client().send("/reset", {"email": email.upper()})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1, seconds=2)):
        assert asked(app.test_client(), 1, email) == [200]


def test_the_refusal_does_not_tell_who_has_an_account(app, cast):
    def last(email):
        asked(app.test_client(), 5, email)
        return heard(app.test_client(), "/reset", {"email": email})

    known, unknown = last(NAMES["kari"][1]), last("nobody@kunde.example")
    assert known[0] == unknown[0] == 429
    assert known[1] == unknown[1]
    assert len(known[2]) == len(unknown[2])


def test_mails_to_confirm_an_address_are_limited_as_well(new_app, outbox):
    """Or whoever registers with somebody else's address could fill that person's mailbox."""
    client = new_app(MAIL_SERVER="127.0.0.1", MAIL_PORT="9").test_client()
    words = {"username": "Ida Ny", "email": "ida@kunde.example", "role": "bruker"}
    client.send("/register", {**words, "password": PASSWORD, "password_confirm": PASSWORD})
    for _ in range(20):
        client.send("/confirm", {"email": "ida@kunde.example"})
    assert 1 <= len(outbox()) <= 10


def test_old_counters_are_forgotten(app, cast):
    """Every name that somebody makes up leaves a row; they must not pile up."""
    for number in range(5):
        guess(app.test_client(), 1, f"gjest{number}@kunde.example")
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2)):
        guess(app.test_client(), 1, "en.til@kunde.example")
    with app.app_context():
        assert db.session.query(Rate).count() <= 2
