"""Who is told by which way: what is usual, what was chosen, and what leads anywhere."""

import pytest

from console.extensions import db
from console.models import ContactBy, Medium, NoticeChoice, Topic, User
from console.notify import choices
from console.transaction import change
from tests.bench import statements

MAIL, SMS, CHAT = Medium.MAIL, Medium.SMS, Medium.CHAT


@pytest.fixture
def chosen(app, cast):
    """Write down what one of the cast has chosen."""

    def choose(who, topic, medium, wanted=True):
        with app.app_context(), change() as session:
            session.add(
                NoticeChoice(user_id=getattr(cast, who), topic=topic, channel=medium, chosen=wanted)
            )

    return choose


@pytest.fixture
def reach(app, cast):
    """Give one of the cast a number, an address or a chat."""

    def give(who, **columns):
        with app.app_context(), change() as session:
            account = session.get_one(User, getattr(cast, who))
            for name, value in columns.items():
                setattr(account, name, value)

    return give


def told(session, topic):
    return [(user.username, medium) for user, medium in choices.of_workers(session, topic)]


def test_workers_are_told_by_mail_unless_they_choose(session, cast):
    assert told(session, Topic.HIGH) == [
        ("Ola Drift", MAIL), ("Nina Vakt", MAIL), ("Anne Sjef", MAIL)
    ]  # fmt: skip


def test_a_chat_address_is_used_without_being_asked_for(reach, session, people):
    reach("ola", chat_url="slack://T0/B0/secret")
    assert choices.of_person(session, people("ola"), Topic.ASSIGNED) == [MAIL, CHAT]


def test_what_was_chosen_counts(reach, chosen, session, people):
    reach("ola", phone="41234567")
    chosen("ola", Topic.HIGH, MAIL, wanted=False)
    chosen("ola", Topic.HIGH, SMS)
    chosen("nina", Topic.OVERDUE, MAIL, wanted=False)
    assert told(session, Topic.HIGH) == [
        ("Ola Drift", SMS), ("Nina Vakt", MAIL), ("Anne Sjef", MAIL)
    ]  # fmt: skip
    assert choices.of_person(session, people("ola"), Topic.HIGH) == [SMS]
    assert choices.of_person(session, people("ola"), Topic.OVERDUE) == [MAIL]
    assert choices.of_person(session, people("nina"), Topic.OVERDUE) == []


def test_only_those_who_asked_for_it_hear_of_what_is_new_in_the_pool(chosen, session):
    assert told(session, Topic.POOL) == []
    chosen("nina", Topic.POOL, MAIL)
    chosen("ola", Topic.POOL, MAIL, wanted=False)
    session.rollback()
    assert told(session, Topic.POOL) == [("Nina Vakt", MAIL)]


def test_a_way_that_leads_nowhere_is_left_out(chosen, reach, session):
    chosen("ola", Topic.POOL, SMS)
    chosen("ola", Topic.POOL, CHAT)
    reach("nina", email=f"1{User.NO_ADDRESS}")
    assert told(session, Topic.POOL) == []
    assert told(session, Topic.HIGH) == [("Ola Drift", MAIL), ("Anne Sjef", MAIL)]


def test_who_cannot_log_in_is_not_told(reach, chosen, session):
    chosen("kari", Topic.HIGH, MAIL)
    reach("nina", active=False)
    assert told(session, Topic.HIGH) == [("Ola Drift", MAIL), ("Anne Sjef", MAIL)]


def test_all_workers_are_found_by_one_statement(session, cast, reach):
    reach("ola", phone="41234567", chat_url="ntfy://secret")
    for topic in choices.CHOOSABLE:
        session.rollback()
        with statements(db.engine) as seen:
            choices.of_workers(session, topic)
        assert len(seen) == 1


@pytest.mark.parametrize(
    ("phone", "number"),
    [
        ("41234567", "+4741234567"),
        ("91234567", "+4791234567"),
        ("+46701234567", "+46701234567"),
        ("22334455", ""),
        ("02800", ""),
        ("", ""),
    ],
)
def test_only_a_mobile_number_takes_text_messages(phone, number):
    assert choices.address(User(username="Kari", phone=phone), SMS) == number


def test_the_address_of_a_chat_is_never_told():
    user = User(username="Ola", chat_url="Slack://T0/B0/secret")
    assert choices.address(user, CHAT) == "slack"
    assert choices.address(user, Medium.TEAM) == ""


@pytest.mark.parametrize(
    ("by", "phone", "way"),
    [
        (ContactBy.MAIL, "41234567", (MAIL, "kari@kunde.example")),
        (ContactBy.SMS, "41234567", (SMS, "+4741234567")),
        (ContactBy.SMS, "22334455", (MAIL, "kari@kunde.example")),
        (ContactBy.SMS, "", (MAIL, "kari@kunde.example")),
        (ContactBy.NONE, "41234567", None),
    ],
)
def test_requesters_hear_as_they_chose(by, phone, way):
    kari = User(username="Kari", email="kari@kunde.example", contact_by=by, phone=phone)
    assert choices.of_requester(kari) == way


def test_one_without_an_address_has_a_mail_to_nowhere():
    kari = User(username="Kari", email=f"1{User.NO_ADDRESS}", contact_by=ContactBy.MAIL, phone="")
    assert choices.of_requester(kari) == (MAIL, "")
