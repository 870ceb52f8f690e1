"""The verbs of accounts."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from console import clock, tickets
from console.accounts import policy, rules
from console.accounts.errors import AccountError, NotAllowed, NotThere
from console.models import ADMINISTER, WORK, AccountEvent, Status, User
from console.transaction import change
from tests.conftest import PASSWORD, ticket_of

NEW = {"username": "Ida Ny", "email": "ida@kunde.example", "role": "bruker"}

# Every verb that only an admin may, called on an account that it would change.
VERBS = {
    "create": lambda session, actor, account: rules.create(session, actor, **NEW),
    "change_role": lambda session, actor, account: rules.change_role(
        session, actor, account, to="drift"
    ),
    "approve": rules.approve,
    "decline": rules.decline,
    "deactivate": rules.deactivate,
    "reactivate": rules.reactivate,
    "issue_link": rules.issue_link,
    "define_role": lambda session, actor, account: rules.define_role(
        session, actor, name="vikar", description="", permissions=[]
    ),
    "redefine_role": lambda session, actor, account: rules.redefine_role(
        session, actor, account.role, description="", permissions=[WORK, ADMINISTER]
    ),
    "remove_role": lambda session, actor, account: rules.remove_role(session, actor, account.role),
}


def history(session, account):
    """The kinds of all that happened to an account, in order."""
    return list(
        session.scalars(
            select(AccountEvent.kind)
            .where(AccountEvent.account_id == account.id)
            .order_by(AccountEvent.id)
        )
    )


def one_that_asks(session, people):
    """Kari, who would like to be a worker."""
    rules.registered(session, people("kari"), wish="drift", policy="approve")
    session.flush()
    return people("kari")


@pytest.mark.parametrize("who", ["kari", "ola"])
@pytest.mark.parametrize("verb", VERBS)
def test_only_admins_look_after_accounts(session, people, verb, who):
    account = people("per")
    account.requested_role = "drift"
    session.flush()
    with pytest.raises(NotAllowed) as refusal:
        VERBS[verb](session, people(who), account)
    assert refusal.value.status == 403
    assert not session.new
    assert not session.dirty


@pytest.mark.parametrize("verb", VERBS)
def test_an_inactive_admin_may_nothing(session, people, verb):
    people("anne").active = False
    session.flush()
    with pytest.raises(NotAllowed):
        VERBS[verb](session, people("anne"), people("per"))
    assert not policy.may(people("anne"))


def test_one_who_has_asked_to_be_a_worker_may_not_say_yes(session, people):
    kari = one_that_asks(session, people)
    with pytest.raises(NotAllowed):
        rules.approve(session, kari, kari)
    assert kari.role_name == "bruker"


def test_a_new_account_can_be_used_at_once(session, people):
    moment = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    with clock.at(moment):
        account = rules.create(session, people("anne"), password=PASSWORD, **NEW)
    assert (account.username, account.email, account.role_name) == tuple(NEW.values())
    assert account.active
    assert account.created_at == account.confirmed_at == moment
    assert account.password.startswith("$argon2id$")
    assert account.requested_role is None
    assert history(session, account) == ["account.created"]


@pytest.mark.parametrize("password", [None, ""])
def test_an_account_without_a_password_waits_for_its_link(session, people, password):
    account = rules.create(session, people("anne"), password=password, **NEW)
    assert account.password is None


def test_two_accounts_never_share_a_uniquifier(session, people):
    keys = {people(who).fs_uniquifier for who in ("kari", "per", "ola", "nina", "anne")}
    assert len(keys) == 5


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"username": "ab"}, "username"),
        ({"username": "ida@kunde.example"}, "username"),
        ({"username": "System"}, "username"),
        ({"username": "kari moe"}, "username"),
        ({"username": "ＫＡＲＩ  MOE"}, "username"),
        ({"email": "ida"}, "email"),
        ({"email": "KARI@kunde.example"}, "email"),
        ({"role": "sjef"}, "role"),
        ({"role": ""}, "role"),
        ({"password": "kort"}, "password"),
        ({"password": "x" * 257}, "password"),
        ({"password": "123456789012"}, "password"),
        ({"password": "ida@kunde.example"}, "password"),
    ],
)
def test_an_account_that_cannot_be_is_refused_at_its_field(session, people, words, field):
    before = session.scalar(select(func.count(User.id)))
    with pytest.raises(AccountError) as refusal:
        rules.create(session, people("anne"), **{**NEW, **words})
    assert refusal.value.field == field
    assert session.scalar(select(func.count(User.id))) == before


def test_a_new_role_ends_the_sessions_and_is_written_down(session, people):
    kari = people("kari")
    before = kari.fs_uniquifier
    event = rules.change_role(session, people("anne"), kari, to="drift")
    session.flush()
    assert (kari.role_name, kari.roles[0].name) == ("drift", "drift")
    assert kari.fs_uniquifier != before
    assert (event.kind, event.actor, event.account, event.changes) == (
        "account.role_changed",
        people("anne"),
        kari,
        {"role": ["bruker", "drift"]},
    )


def test_a_role_that_one_has_already_is_silence(session, people):
    ola = people("ola")
    before = ola.fs_uniquifier
    assert rules.change_role(session, people("anne"), ola, to="drift") is None
    assert ola.fs_uniquifier == before


@pytest.mark.parametrize("to", ["sjef", "", "drift; DROP TABLE users"])
def test_a_role_that_there_is_not_is_refused(session, people, to):
    with pytest.raises(AccountError) as refusal:
        rules.change_role(session, people("anne"), people("kari"), to=to)
    assert (refusal.value.field, refusal.value.status) == ("role", 422)


def test_a_new_role_answers_an_open_request(session, people):
    kari = one_that_asks(session, people)
    rules.change_role(session, people("anne"), kari, to="admin")
    assert kari.requested_role is None


@pytest.mark.parametrize(
    "leave",
    [
        lambda session, anne, ola: rules.change_role(session, anne, ola, to="bruker"),
        rules.deactivate,
    ],
)
def test_what_a_leaving_worker_has_open_goes_back_to_the_pool(session, people, new_ticket, leave):
    mine, done = (ticket_of(session, new_ticket(title=f"Sak {n}")) for n in range(2))
    tickets.set_status(session, people("ola"), mine, to=Status.IN_PROGRESS)
    tickets.take(session, people("ola"), done)
    tickets.set_status(session, people("ola"), done, to=Status.CLOSED)
    leave(session, people("anne"), people("ola"))
    session.flush()
    assert (mine.assignee, mine.status) == (None, Status.OPEN)
    assert done.assignee == people("ola")


def test_a_worker_who_becomes_admin_keeps_the_tickets(session, people, new_ticket):
    ticket = ticket_of(session, new_ticket())
    tickets.take(session, people("ola"), ticket)
    rules.change_role(session, people("anne"), people("ola"), to="admin")
    assert ticket.assignee == people("ola")


@pytest.mark.parametrize(
    "leave",
    [
        lambda session, anne: rules.change_role(session, anne, anne, to="drift"),
        lambda session, anne: rules.change_role(session, anne, anne, to="bruker"),
        lambda session, anne: rules.deactivate(session, anne, anne),
        lambda session, anne: rules.deactivate(session, rules.system_user(session), anne),
    ],
)
def test_the_last_active_admin_stays(session, people, leave):
    gone = rules.create(session, people("anne"), **{**NEW, "role": "admin"})
    rules.deactivate(session, people("anne"), gone)
    session.flush()
    with pytest.raises(AccountError, match="Anne Sjef"):
        leave(session, people("anne"))
    assert (people("anne").active, people("anne").role_name) == (True, "admin")


def test_an_admin_may_leave_when_there_is_another(session, people):
    rules.change_role(session, people("anne"), people("nina"), to="admin")
    session.flush()
    assert rules.deactivate(session, people("anne"), people("anne")) is not None


def test_an_admin_of_another_role_counts_as_an_admin(session, people):
    rules.define_role(
        session, people("anne"), name="sjef", description="", permissions=[ADMINISTER]
    )
    rules.change_role(session, people("anne"), people("nina"), to="sjef")
    session.flush()
    assert rules.change_role(session, people("nina"), people("anne"), to="drift") is not None


def test_approving_grants_the_wish_and_ends_the_sessions(session, people):
    kari = one_that_asks(session, people)
    before = kari.fs_uniquifier
    event = rules.approve(session, people("anne"), kari)
    session.flush()
    assert (kari.role_name, kari.requested_role) == ("drift", None)
    assert kari.fs_uniquifier != before
    assert (event.kind, event.changes) == ("account.approved", {"role": ["bruker", "drift"]})


def test_declining_leaves_everything_as_it_was(session, people):
    kari = one_that_asks(session, people)
    before = kari.fs_uniquifier
    event = rules.decline(session, people("anne"), kari)
    assert (kari.role_name, kari.requested_role) == ("bruker", None)
    assert kari.fs_uniquifier == before
    assert (event.kind, event.changes) == ("account.declined", {"role": ["drift", "bruker"]})


@pytest.mark.parametrize("answer", [rules.approve, rules.decline])
def test_a_request_is_answered_once(session, people, answer):
    kari = one_that_asks(session, people)
    rules.decline(session, people("anne"), kari)
    with pytest.raises(AccountError, match="Kari Moe"):
        answer(session, people("anne"), kari)


def test_a_deactivated_account_is_out_and_can_come_back(session, people):
    kari = people("kari")
    before = kari.fs_uniquifier
    rules.deactivate(session, people("anne"), kari)
    assert not kari.active
    assert kari.fs_uniquifier != before
    assert rules.deactivate(session, people("anne"), kari) is None
    rules.reactivate(session, people("anne"), kari)
    assert kari.active
    assert rules.reactivate(session, people("anne"), kari) is None
    session.flush()
    assert history(session, kari)[1:] == ["account.deactivated", "account.reactivated"]


def test_a_new_link_makes_earlier_links_and_sessions_void(session, people):
    kari = people("kari")
    before = kari.fs_uniquifier
    event = rules.issue_link(session, people("anne"), kari)
    assert kari.fs_uniquifier != before
    assert (event.kind, event.changes) == ("account.link_issued", {})


def test_there_is_no_link_for_a_closed_account(session, people):
    rules.deactivate(session, people("anne"), people("kari"))
    with pytest.raises(AccountError, match="Kari Moe"):
        rules.issue_link(session, people("anne"), people("kari"))


@pytest.mark.parametrize(
    ("policy", "wish", "role", "requested", "told"),
    [
        ("approve", "bruker", "bruker", None, ["account.registered"]),
        (
            "approve",
            "drift",
            "bruker",
            "drift",
            ["account.registered", "account.worker_requested"],
        ),
        ("open", "bruker", "bruker", None, ["account.registered"]),
        ("open", "drift", "drift", None, ["account.registered"]),
        ("closed", "drift", "bruker", None, ["account.registered"]),
        *(
            (policy, wish, "bruker", None, ["account.registered"])
            for policy in ("approve", "open", "closed")
            for wish in ("admin", "", "sjef", "DRIFT")
        ),
    ],
)
def test_what_one_registers_as_follows_the_policy(
    session, people, policy, wish, role, requested, told
):
    kari = people("kari")
    rules.registered(session, kari, wish=wish, policy=policy)
    session.flush()
    assert (kari.role_name, kari.requested_role) == (role, requested)
    assert history(session, kari)[1:] == told


def test_every_change_has_its_row_with_who_and_when(session, cast):
    moment = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    per, anne = (session.get_one(User, number) for number in (cast.per, cast.anne))
    per.requested_role = "drift"
    session.commit()
    for name in ("approve", "issue_link", "deactivate", "reactivate"):
        with clock.at(moment), change() as work:
            VERBS[name](work, work.get_one(User, anne.id), work.get_one(User, per.id))
    with clock.at(moment), change() as work:
        rules.change_role(
            work, work.get_one(User, anne.id), work.get_one(User, per.id), to="bruker"
        )
    rows = session.scalars(
        select(AccountEvent).where(AccountEvent.account_id == per.id).order_by(AccountEvent.id)
    ).all()[1:]
    assert [row.kind for row in rows] == [
        "account.approved",
        "account.link_issued",
        "account.deactivated",
        "account.reactivated",
        "account.role_changed",
    ]
    assert {(row.actor_id, row.created_at) for row in rows} == {(cast.anne, moment)}


def test_history_of_accounts_is_never_rewritten(session, people):
    event = session.scalars(
        select(AccountEvent).where(AccountEvent.account_id == people("kari").id)
    ).one()
    event.kind = "account.forged"
    with pytest.raises(RuntimeError, match="append-only"):
        session.flush()
    session.rollback()


@pytest.mark.parametrize("number", [0, -1, 10**6, 2**31, 2**63, 10**40])
def test_a_number_that_is_no_account_is_not_there(session, number):
    with pytest.raises(NotThere):
        rules.get(session, number)


def test_the_systems_own_account_is_not_there(session):
    system = rules.system_user(session)
    assert policy.may(system)
    with pytest.raises(NotThere):
        rules.get(session, system.id)
