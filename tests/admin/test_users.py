"""Accounts, roles and the outbox, through the admin's door."""

import re

import pytest
from sqlalchemy import select

from console.extensions import db
from console.models import AccountEvent, Role, User
from console.notify import outbox
from console.transaction import change
from tests.conftest import PASSWORD


def account(app, number):
    with app.app_context():
        return db.session.get(User, number)


def post(client, number, verb, **form):
    return client.send(f"/admin/users/{number}/{verb}", form, follow_redirects=True)


@pytest.fixture
def hopeful(app, visitor):
    """One who has registered as drift; answers the account's number."""
    form = {"username": "Lise Ny", "email": "lise@ny.example", "role": "drift",
            "password": PASSWORD, "password_confirm": PASSWORD}  # fmt: skip
    assert visitor.send("/register", form).status_code == 302
    with app.app_context():
        return db.session.scalar(select(User.id).where(User.username == "Lise Ny"))


def test_requests_stand_first_and_are_approved_with_one_click(app, browser_of, hopeful):
    anne = browser_of("anne")
    page = anne.get("/admin/users/").text
    assert page.index("Disse vil bli drift") < page.index("<table")
    assert f"/admin/users/{hopeful}/approve" in page
    post(anne, hopeful, "approve")
    assert account(app, hopeful).role_name == "drift"
    assert "Disse vil bli drift" not in anne.get("/admin/users/").text


def test_a_declined_request_leaves_a_requester(app, browser_of, hopeful):
    post(browser_of("anne"), hopeful, "decline")
    lise = account(app, hopeful)
    assert (lise.role_name, lise.requested_role) == ("bruker", None)


def test_answering_twice_is_told(browser_of, hopeful):
    anne = browser_of("anne")
    post(anne, hopeful, "approve")
    assert "har ingen forespørsel" in post(anne, hopeful, "approve").text


def test_a_changed_role_ends_the_session_and_stands_in_the_history(app, browser_of, cast):
    ola, anne = browser_of("ola"), browser_of("anne")
    page = post(anne, cast.ola, "role", role="bruker")
    assert "endret rollen fra drift til bruker" in page.text
    assert ola.get("/admin/tickets/").status_code == 302


@pytest.mark.parametrize("role", ["", "sjef", "admin; DROP TABLE users", "x" * 10_000])
def test_a_role_that_is_none_is_refused(app, browser_of, cast, role):
    assert post(browser_of("anne"), cast.kari, "role", role=role).status_code == 200
    assert account(app, cast.kari).role_name == "bruker"


def test_the_last_admin_stays(app, browser_of, cast):
    anne = browser_of("anne")
    for page in (
        post(anne, cast.anne, "deactivate"),
        post(anne, cast.anne, "role", role="drift"),
    ):
        assert "er den siste aktive administratoren" in page.text
    assert account(app, cast.anne).active
    assert account(app, cast.anne).role_name == "admin"


def test_a_deactivated_account_is_out_at_once_and_can_come_back(app, browser_of, cast):
    kari, anne = browser_of("kari"), browser_of("anne")
    post(anne, cast.kari, "deactivate")
    assert kari.get("/tickets/").status_code == 302
    page = post(anne, cast.kari, "reactivate")
    assert "aktiverte kontoen igjen" in page.text
    assert account(app, cast.kari).active


def test_an_account_is_made_and_its_link_shown_once(app, browser_of, visitor):
    anne = browser_of("anne")
    form = {"username": "Åse Ny", "email": "ase@ny.example", "role": "drift", "password": ""}
    answer = anne.send("/admin/users/new/", form)
    assert answer.status_code == 302
    number = int(answer.location.rsplit("/", 1)[1])
    page = post(anne, number, "link").text
    link = re.search(r'value="http://127\.0\.0\.1:5000(/reset/[^"]+)"', page)[1]
    assert "/reset/" not in anne.get(f"/admin/users/{number}").text
    passwords = {"password": PASSWORD, "password_confirm": PASSWORD}
    assert visitor.send(link, passwords).status_code == 302
    assert visitor.send("/login", {"email": "åse ny", "password": PASSWORD}).status_code == 302
    assert visitor.get("/admin/tickets/").status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "Kari Moe"), ("username", "x"), ("username", "<b>Kari</b>"),
        ("username", "x" * 10_000), ("email", "kari@kunde.example"), ("email", "ikke en adresse"),
        ("role", "sjef"), ("password", "kort"), ("password", "passordpassord"),
    ],
)  # fmt: skip
def test_an_account_that_cannot_be_made_loses_nothing(app, browser_of, field, value):
    form = {"username": "Åse Ny", "email": "ase@ny.example", "role": "bruker", "password": ""}
    answer = browser_of("anne").send("/admin/users/new/", {**form, field: value})
    assert answer.status_code == 200
    assert "field-error" in answer.text
    if field != "email":
        assert "ase@ny.example" in answer.text
    with app.app_context():
        assert db.session.scalar(select(User).where(User.email == "ase@ny.example")) is None


@pytest.mark.parametrize("query", ["search=kari", "search=KARI@", "flt0_0=bruker", "flt0_1=yes"])
def test_accounts_are_found(browser_of, query):
    page = browser_of("anne").get(f"/admin/users/?{query}").text
    assert "Kari Moe" in page
    assert "Systemet" not in page


@pytest.mark.parametrize("sort", range(5))
def test_accounts_are_sorted(browser_of, sort):
    for desc in ("", "&desc=1"):
        page = browser_of("anne").get(f"/admin/users/?sort={sort}{desc}")
        assert page.text.count("/admin/users/") > 5


@pytest.mark.parametrize("number", [0, 999_999, 2**63, 10**30])
def test_an_account_that_is_not_there_is_404(browser_of, number):
    anne = browser_of("anne")
    assert anne.get(f"/admin/users/{number}").status_code == 404
    assert anne.send(f"/admin/users/{number}/deactivate").status_code == 404


def test_the_system_is_nobodys_to_change(app, browser_of):
    with app.app_context():
        system = db.session.scalar(select(User.id).where(User.login_name == "system"))
    assert browser_of("anne").get(f"/admin/users/{system}").status_code == 404


def test_a_role_is_added_given_and_removed_when_nobody_has_it(app, browser_of, cast):
    anne = browser_of("anne")
    form = {"name": "Lærling", "description": "Ser alt", "permissions": ["work"]}
    assert anne.send("/admin/roles/new/", form).status_code == 302
    post(anne, cast.kari, "role", role="lærling")
    assert browser_of("kari").get("/admin/tickets/").status_code == 200
    with app.app_context():
        number = db.session.scalar(select(Role.id).where(Role.name == "lærling"))
    page = anne.send("/admin/roles/delete/", {"id": number}, follow_redirects=True)
    assert "er i bruk" in page.text
    post(anne, cast.kari, "role", role="bruker")
    anne.send("/admin/roles/delete/", {"id": number})
    with app.app_context():
        assert db.session.get(Role, number) is None
        kinds = select(AccountEvent.kind).where(AccountEvent.account_id == cast.anne)
        assert {"account.role_defined", "account.role_removed"} <= set(db.session.scalars(kinds))


def test_a_built_in_role_keeps_its_permissions(app, browser_of):
    with app.app_context():
        number = db.session.scalar(select(Role.id).where(Role.name == "bruker"))
    form = {"name": "bruker", "description": "x", "permissions": ["administer"]}
    browser_of("anne").send(f"/admin/roles/edit/?id={number}", form)
    with app.app_context():
        assert db.session.get(Role, number).permissions == []


@pytest.mark.parametrize("number", ["0", "x", "99999999999999999999", "", "1 OR 1=1"])
def test_a_role_that_is_not_there_cannot_be_edited(browser_of, number):
    assert browser_of("anne").get(f"/admin/roles/edit/?id={number}").status_code in (302, 404)


def test_the_outbox_shows_what_waits(app, browser_of, cast):
    with app.app_context(), change() as session:
        number = outbox.owe_mail(
            session, recipient="kari@kunde.example", subject="Hei <b>", body="Linje 1\nLinje 2"
        )
    anne = browser_of("anne")
    assert "kari@kunde.example" in anne.get("/admin/deliveries/").text
    page = anne.get(f"/admin/deliveries/{number}").text
    assert "Hei &lt;b&gt;" in page
    assert "Linje 1\nLinje 2" in page
    assert anne.get("/admin/deliveries/999999").status_code == 404
    assert browser_of("ola").get("/admin/deliveries/").status_code == 404
