"""Roles: what an account may do, and who decides it."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from console import tickets
from console.accounts import rules
from console.accounts.errors import AccountError
from console.models import ADMINISTER, WORK, AccountEvent, Role
from tests.conftest import ticket_of


def defined(session, people, name="vikar", permissions=(WORK,)):
    """A role that an admin has added."""
    role = rules.define_role(
        session,
        people("anne"),
        name=name,
        description="For sommeren",
        permissions=list(permissions),
    )
    session.flush()
    return role


def test_the_three_roles_of_the_office_are_there(session):
    roles = {role.name: list(role.permissions) for role in session.scalars(select(Role))}
    assert roles == {"bruker": [], "drift": [WORK], "admin": [WORK, ADMINISTER]}


def test_an_admin_adds_a_role_and_gives_it_to_somebody(session, people):
    role = defined(session, people)
    assert rules.change_role(session, people("anne"), people("kari"), to="vikar") is not None
    assert people("kari").role == role
    assert people("kari").can(WORK)
    assert not people("kari").can(ADMINISTER)


def test_a_new_role_stands_in_the_history_of_who_made_it(session, people):
    defined(session, people, "Vakt  Natt", [ADMINISTER, WORK])
    event = session.scalars(select(AccountEvent).order_by(AccountEvent.id.desc())).first()
    assert (event.kind, event.actor, event.account) == (
        "account.role_defined",
        people("anne"),
        people("anne"),
    )
    assert event.changes == {"role": [None, "vakt natt"], "may": [None, [WORK, ADMINISTER]]}


@pytest.mark.parametrize(
    "name", ["", " ", "x", "x" * 41, "vakt!", "<b>vakt</b>", "a,b", "vakt\x00"]
)
def test_a_role_without_a_proper_name_is_refused(session, people, name):
    with pytest.raises(AccountError) as refusal:
        defined(session, people, name)
    assert refusal.value.field == "name"


@pytest.mark.parametrize("name", ["drift", "Drift", " DRIFT ", "vikar", "vi kar"[:2] + "kar"])
def test_a_role_of_the_same_name_is_refused(session, people, name):
    defined(session, people)
    with pytest.raises(AccountError) as refusal:
        defined(session, people, name)
    assert refusal.value.field == "name"


def test_a_role_knows_only_the_permissions_there_are(session, people):
    role = defined(session, people, permissions=["work", "superuser", "work", "*"])
    assert list(role.permissions) == [WORK]


def test_redefining_a_role_reaches_all_who_have_it(session, people):
    role = defined(session, people)
    rules.change_role(session, people("anne"), people("kari"), to="vikar")
    event = rules.redefine_role(
        session, people("anne"), role, description="Uten arbeid", permissions=[]
    )
    assert event.changes == {"role": ["vikar", "vikar"], "may": [[WORK], []]}
    session.flush()
    session.expire_all()
    assert not people("kari").can(WORK)
    assert role.description == "Uten arbeid"


def test_other_words_for_a_role_are_no_news(session, people):
    role = defined(session, people)
    same = rules.redefine_role(
        session, people("anne"), role, description=" Nye   ord ", permissions=[WORK]
    )
    assert (same, role.description) == (None, "Nye ord")


@pytest.mark.parametrize(
    ("name", "permissions"), [("bruker", [WORK]), ("drift", []), ("admin", [WORK])]
)
def test_what_the_built_in_roles_may_cannot_be_changed(session, people, name, permissions):
    role = rules.get_role(session, name)
    with pytest.raises(AccountError):
        rules.redefine_role(session, people("anne"), role, description="x", permissions=permissions)
    assert list(role.permissions) != permissions


def test_an_admin_of_an_own_role_cannot_shut_oneself_out(session, people):
    role = defined(session, people, "sjef", [WORK, ADMINISTER])
    rules.change_role(session, people("anne"), people("nina"), to="sjef")
    session.flush()
    with pytest.raises(AccountError):
        rules.redefine_role(session, people("nina"), role, description="", permissions=[WORK])


def test_taking_work_from_a_role_leaves_no_ticket_with_one_who_may_not_work(
    session, people, new_ticket
):
    """As with change_role: what they have open goes back to the pool."""
    number = new_ticket()
    role = defined(session, people)
    rules.change_role(session, people("anne"), people("nina"), to="vikar")
    session.commit()
    ticket = ticket_of(session, number)
    tickets.take(session, people("nina"), ticket)
    rules.redefine_role(session, people("anne"), role, description="", permissions=[])
    session.flush()
    assert ticket.assignee is None


def test_a_role_that_nobody_has_can_be_taken_away(session, people):
    role = defined(session, people)
    event = rules.remove_role(session, people("anne"), role)
    session.flush()
    assert event.changes == {"role": ["vikar", None]}
    assert session.scalar(select(Role).where(Role.name == "vikar")) is None


@pytest.mark.parametrize("name", ["bruker", "drift", "admin"])
def test_a_built_in_role_stays(session, people, name):
    with pytest.raises(AccountError):
        rules.remove_role(session, people("anne"), rules.get_role(session, name))


def test_a_role_that_somebody_has_stays(session, people):
    role = defined(session, people)
    rules.change_role(session, people("anne"), people("kari"), to="vikar")
    session.flush()
    with pytest.raises(AccountError):
        rules.remove_role(session, people("anne"), role)


def test_a_role_that_somebody_has_asked_for_stays(session, people):
    role = defined(session, people)
    people("kari").requested_role = "vikar"
    session.flush()
    with pytest.raises(AccountError):
        rules.remove_role(session, people("anne"), role)


def test_the_table_itself_refuses_a_role_that_is_none(session, people):
    people("kari").role_name = "keiser"
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()


def test_an_account_has_exactly_one_role_for_flask_security_too(session, people):
    kari = people("kari")
    assert [role.name for role in kari.roles] == ["bruker"]
    kari.roles.append(rules.get_role(session, "drift"))
    assert [role.name for role in kari.roles] == ["drift"]
    with pytest.raises(ValueError, match="always has a role"):
        kari.roles.remove(kari.role)
