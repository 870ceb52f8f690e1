"""What people choose for themselves, and that nobody else chooses it for them."""

import pytest
from sqlalchemy import select

from console.accounts import notices, rules
from console.accounts.errors import AccountError, NotAllowed
from console.models import AccountEvent, ContactBy, Medium, NoticeChoice, Topic, User
from console.notify import choices
from console.transaction import change

MAIL, SMS, CHAT = Medium.MAIL, Medium.SMS, Medium.CHAT
KEY = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


@pytest.fixture
def choose(app, cast):
    """Let one of the cast choose, and answer what went into the history."""

    def choose(who, *, by=None, **what):
        with app.app_context(), change() as session:
            account = session.get_one(User, getattr(cast, who))
            actor = session.get_one(User, getattr(cast, by or who))
            what.setdefault("contact_by", account.contact_by.value)
            event = notices.choose(session, actor, account, **what)
            return event and event.changes

    return choose


def refusal(choose, *args, **what):
    with pytest.raises(AccountError) as refused:
        choose(*args, **what)
    return refused.value


def told_of(session, who):
    return notices.chosen(session, who)


def usual(*without):
    cells = {(topic, m) for topic in choices.CHOOSABLE for m in choices.DEFAULTS[topic]}
    return cells - set(without)


def test_only_what_differs_from_the_usual_is_kept(choose, session, people):
    wanted = usual((Topic.HIGH, MAIL)) | {(Topic.POOL, MAIL)}
    assert choose("ola", told=wanted, media=choices.MEDIA) == {
        "high": [["mail", "chat"], ["chat"]], "pool": [[], ["mail"]]
    }  # fmt: skip
    rows = session.execute(
        select(NoticeChoice.topic, NoticeChoice.channel, NoticeChoice.chosen).order_by(
            NoticeChoice.topic
        )
    ).all()
    assert rows == [(Topic.HIGH, MAIL, False), (Topic.POOL, MAIL, True)]
    assert told_of(session, people("ola")) == wanted
    assert choices.of_person(session, people("ola"), Topic.POOL) == [MAIL]


def test_a_choice_taken_back_is_set_and_not_deleted(choose, session, people):
    choose("ola", told=usual((Topic.HIGH, MAIL)), media=choices.MEDIA)
    assert choose("ola", told=usual(), media=choices.MEDIA) == {
        "high": [["chat"], ["mail", "chat"]]
    }
    assert session.scalars(select(NoticeChoice.chosen)).all() == [True]


def test_the_same_again_is_not_written_into_the_history(choose, session):
    assert choose("ola", told=usual(), media=choices.MEDIA, wakes=True, chat_url="") is None
    assert choose("kari", contact_by="mail", phone="") is None
    kinds = select(AccountEvent.kind).where(AccountEvent.kind == "account.notices_chosen")
    assert session.scalars(kinds).all() == []


def test_a_way_that_was_not_offered_stays_as_it_was(choose, session, people):
    choose("ola", phone="41234567", told=usual() | {(Topic.HIGH, SMS)}, media=choices.MEDIA)
    choose("ola", told=usual(), media=[MAIL, CHAT])
    assert (Topic.HIGH, SMS) in told_of(session, people("ola"))


def test_the_chat_address_never_stands_in_the_history(choose, session, people):
    assert choose("ola", chat_url=KEY) == {"chat": ["", "slack"]}
    assert people("ola").chat_url == KEY
    assert choose("ola") is None
    assert choose("ola", chat_url="") == {"chat": ["slack", ""]}
    everything = str(session.scalars(select(AccountEvent.changes)).all())
    assert "T1JJ3T3L2" not in everything


def test_what_may_wake_one_is_chosen(choose, session, people):
    assert choose("ola", wakes=False) == {"wakes": [True, False]}
    assert people("ola").wakes is False


@pytest.mark.parametrize("by", ["anne", "kari"])
def test_nobody_chooses_for_another(choose, by):
    assert isinstance(refusal(choose, "ola", by=by, contact_by="none"), NotAllowed)


def test_who_is_shut_out_chooses_nothing(choose, app, cast):
    with app.app_context(), change() as session:
        system = rules.system_user(session)
        rules.deactivate(session, system, session.get_one(User, cast.kari))
    assert isinstance(refusal(choose, "kari", contact_by="none"), NotAllowed)


def test_a_requester_chooses_text_messages_with_a_mobile_number(choose, session, people):
    assert choose("kari", contact_by="sms", phone="+47 412 34 567") == {
        "contact_by": ["mail", "sms"]
    }
    assert (people("kari").contact_by, people("kari").phone) == (ContactBy.SMS, "41234567")
    events = select(AccountEvent.kind).where(AccountEvent.kind == "account.phone_changed")
    assert len(session.scalars(events).all()) == 1


@pytest.mark.parametrize("phone", ["", "22 33 44 55", "02800", "tull", "9" * 30, "\x00"])
def test_text_messages_need_a_mobile_number(choose, people, phone):
    refused = refusal(choose, "kari", contact_by="sms", phone=phone)
    assert (refused.field, refused.status) == ("phone", 422)
    assert people("kari").contact_by == ContactBy.MAIL
    assert people("kari").phone == ""


def test_a_workers_text_messages_need_one_too(choose):
    told = usual() | {(Topic.HIGH, SMS)}
    assert refusal(choose, "ola", phone="", told=told, media=choices.MEDIA).field == "phone"


def test_text_messages_are_not_chosen_where_none_can_be_sent(choose):
    assert refusal(choose, "kari", contact_by="sms").field == "contact_by"


@pytest.mark.parametrize("by", ["", "chat", "team", "MAIL", "\x00"])
def test_another_way_than_there_is_is_refused(choose, by):
    refused = refusal(choose, "kari", contact_by=by)
    assert (refused.field, refused.status) == ("contact_by", 422)


def test_a_requester_gets_nothing_of_what_is_the_workers(choose, session, people):
    what = {"told": [(Topic.POOL, MAIL)], "media": choices.MEDIA, "chat_url": KEY, "wakes": False}
    assert choose("kari", **what) is None
    assert people("kari").chat_url == ""
    assert session.scalars(select(NoticeChoice.topic)).all() == []
