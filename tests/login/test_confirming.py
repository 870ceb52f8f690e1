"""With mail set up, an address is confirmed before its account can be used."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from console import clock
from console.extensions import db
from console.models import Delivery, Organisation, OrganisationDomain
from console.transaction import change
from tests.conftest import PASSWORD
from tests.login.conftest import OTHER_PASSWORD, heard, is_in, log_in

IDA = {
    "username": "Ida Ny",
    "email": "ida@kunde.example",
    "password": PASSWORD,
    "password_confirm": PASSWORD,
    "role": "bruker",
}


@pytest.fixture
def mailing(new_app):
    """The application with a mail server that is down: all mails stay in the outbox."""
    return new_app(MAIL_SERVER="127.0.0.1", MAIL_PORT="9")


@pytest.fixture
def link(mailing, outbox):
    """Register, and answer the path of the link that came."""
    mailing.test_client().send("/register", IDA)
    [(recipient, body)] = outbox()
    assert recipient == "ida@kunde.example"
    return re.search(r"http://127\.0\.0\.1:5000(/confirm/\S+)", body)[1]


def test_one_gets_in_after_following_the_link(mailing, link, account):
    client = mailing.test_client()
    assert account("ida@kunde.example").confirmed_at is None
    log_in(client, "Ida Ny")
    assert not is_in(client)
    answer = client.get(link)
    assert (answer.status_code, answer.location) == (302, "/login")
    assert not is_in(client)
    assert account("ida@kunde.example").confirmed_at is not None
    assert log_in(client, "Ida Ny").status_code == 302
    assert is_in(client)


def test_who_has_confirmed_an_address_is_put_where_it_belongs(mailing, app, account):
    with app.app_context(), change() as session:
        town = Organisation(name="Lillevik", created_at=clock.now())
        town.domains = [OrganisationDomain(domain="kunde.example")]
        session.add(town)
    client = mailing.test_client()
    client.send("/register", IDA)
    assert account("ida@kunde.example").organisation_id is None
    with app.app_context():
        body = db.session.scalars(select(Delivery.body)).one()
    client.get(re.search(r"http://127\.0\.0\.1:5000(/confirm/\S+)", body)[1])
    assert account("ida@kunde.example").organisation_id is not None


def test_a_link_is_good_for_five_days(mailing, link, account):
    with time_machine.travel(datetime.now(UTC) + timedelta(days=5, minutes=1)):
        mailing.test_client().get(link)
    assert account("ida@kunde.example").confirmed_at is None


def test_a_link_followed_twice_does_no_harm(mailing, link, account):
    for _ in range(2):
        assert mailing.test_client().get(link).status_code == 302
    assert account("ida@kunde.example").confirmed_at is not None


@pytest.mark.parametrize("token", ["x", "a.b.c", "%00"])
def test_a_link_that_somebody_made_up_confirms_nothing(mailing, link, account, token):
    assert mailing.test_client().get(f"/confirm/{token}").status_code in (302, 404)
    assert account("ida@kunde.example").confirmed_at is None


def test_a_wrong_password_does_not_tell_that_an_account_waits(mailing, link):
    waiting = heard(
        mailing.test_client(), "/login", {"email": "ida@kunde.example", "password": OTHER_PASSWORD}
    )
    nobody = heard(
        mailing.test_client(), "/login", {"email": "nobody@x.example", "password": OTHER_PASSWORD}
    )
    assert waiting == nobody


def test_a_stranger_does_not_learn_who_has_an_account(mailing, cast, outbox):
    known = heard(mailing.test_client(), "/register", {**IDA, "email": "kari@kunde.example"})
    new = heard(mailing.test_client(), "/register", IDA)
    assert known == new
    assert [recipient for recipient, _ in outbox()] == ["kari@kunde.example", "ida@kunde.example"]


def test_asking_for_the_link_again_does_not_tell_either(mailing, link, cast):
    answers = {
        heard(mailing.test_client(), "/confirm", {"email": email})
        for email in ("ida@kunde.example", "kari@kunde.example", "nobody@kunde.example")
    }
    assert len(answers) == 1


def test_what_an_admin_has_made_needs_no_link(mailing, cast):
    assert log_in(mailing.test_client(), "Kari Moe").status_code == 302


def test_following_the_link_in_somebody_elses_browser_confirms_as_well(
    mailing, link, cast, account
):
    client = mailing.test_client()
    log_in(client, "Kari Moe")
    client.get(link)
    assert account("ida@kunde.example").confirmed_at is not None
    assert not is_in(client)
