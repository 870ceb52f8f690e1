"""The page on which everybody chooses how he is told."""

import pytest
from bs4 import BeautifulSoup

from console.extensions import db
from console.models import AccountEvent, ContactBy, User
from console.notify import chat
from tests.forms import field_errors, notices
from tests.notify.receiver import receiving

KEY = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
PAGE = "/notifications"


@pytest.fixture
def english(browser_of):
    """A browser of one of the cast, in English."""

    def log_in(who):
        client = browser_of(who)
        client.set_cookie("language", "en")
        return client

    return log_in


@pytest.fixture
def sms(app, monkeypatch):
    monkeypatch.setitem(app.config, "SMS_URL", "json://127.0.0.1/{phone}")


@pytest.fixture
def account(app, cast):
    """One of the cast as the database has him."""

    def get(who):
        with app.app_context():
            return db.session.get_one(User, getattr(cast, who))

    return get


def filled(client):
    """What a browser would send from the page as it is."""
    page = BeautifulSoup(client.get(PAGE).text, "html5lib")
    form = page.find("form", action=PAGE)
    fields = {}
    for field in form.select("input[name]"):
        if field.get("type") in ("checkbox", "radio"):
            if field.has_attr("checked") and not field.has_attr("disabled"):
                fields.setdefault(field["name"], []).append(field["value"])
        else:
            fields[field["name"]] = field.get("value", "")
    return fields


def ticked(answer):
    page = BeautifulSoup(answer.text, "html5lib")
    return {box["value"] for box in page.select("input[name=told][checked]")}


def test_a_requester_sees_three_ways_and_no_table(kari, sms):
    page = BeautifulSoup(kari.get(PAGE).text, "html5lib")
    assert [box["value"] for box in page.select("input[name=contact_by]")] == [
        "mail", "sms", "none"
    ]  # fmt: skip
    assert not page.select("[name=told], [name=chat_url], [name=wakes]")
    assert page.find("input", attrs={"name": "phone"})


def test_text_messages_are_not_offered_where_none_can_be_sent(kari):
    page = BeautifulSoup(kari.get(PAGE).text, "html5lib")
    assert [box["value"] for box in page.select("input[name=contact_by]")] == ["mail", "none"]
    assert not page.find("input", attrs={"name": "phone"})


def test_a_requester_chooses_text_messages(kari, sms, account):
    fields = {**filled(kari), "contact_by": "sms", "phone": "412 34 567"}
    assert kari.post(PAGE, data=fields).status_code == 303
    assert account("kari").contact_by == ContactBy.SMS
    assert account("kari").phone == "41234567"
    assert filled(kari)["contact_by"] == ["sms"]


def test_what_was_typed_stays_when_it_is_refused(english, sms, account):
    client = english("kari")
    answer = client.post(PAGE, data={**filled(client), "contact_by": "sms", "phone": "22 33"})
    assert answer.status_code == 422
    assert len(field_errors(answer)) == 1
    page = BeautifulSoup(answer.text, "html5lib")
    assert page.find("input", attrs={"name": "phone"})["value"] == "22 33"
    assert page.select_one("input[name=contact_by][checked]")["value"] == "sms"
    assert account("kari").contact_by == ContactBy.MAIL


@pytest.mark.parametrize("contact_by", [[], ["tull"], ["sms"], ["mail\x00"]])
def test_nonsense_is_refused_with_a_sentence(kari, contact_by):
    answer = kari.post(PAGE, data={**filled(kari), "contact_by": contact_by})
    assert answer.status_code == 422
    assert field_errors(answer)


def test_a_worker_sees_each_topic_with_each_way(ola):
    page = BeautifulSoup(ola.get(PAGE).text, "html5lib")
    boxes = page.select("input[name=told]")
    assert len(boxes) == 7 * 3
    assert {box["value"] for box in boxes if box.has_attr("disabled")} == {
        box["value"] for box in boxes if box["value"].endswith(":sms")
    }
    assert "pool:mail" not in ticked(ola.get(PAGE))
    assert "high:mail" in ticked(ola.get(PAGE))


def test_a_worker_chooses_what_he_is_told(ola, account, sms):
    fields = filled(ola)
    told = [cell for cell in fields["told"] if cell != "overdue:mail"] + ["pool:mail", "high:sms"]
    fields |= {"told": told, "phone": "41234567"}
    fields.pop("wakes")
    assert ola.post(PAGE, data=fields).status_code == 303
    assert ticked(ola.get(PAGE)) == set(told)
    assert account("ola").wakes is False


def test_a_chat_address_is_kept_and_never_shown(ola, account, app, cast, browser_of):
    assert ola.post(PAGE, data={**filled(ola), "chat_url": f" {KEY} "}).status_code == 303
    assert account("ola").chat_url == KEY
    pages = [ola.get(PAGE).text, browser_of("anne").get(f"/admin/users/{cast.ola}").text]
    assert "slack://…" in pages[0]
    for page in pages:
        assert "TIiajkdnlazkcOXrIdevi7FQ" not in page
        assert "T1JJ3T3L2" not in page
    # Saved again with an empty field it stays.
    assert ola.post(PAGE, data=filled(ola)).status_code == 303
    assert account("ola").chat_url == KEY
    assert ola.post(PAGE, data={**filled(ola), "forget_chat": "y"}).status_code == 303
    assert account("ola").chat_url == ""
    with app.app_context():
        assert "T1JJ3T3L2" not in str(list(db.session.scalars(db.select(AccountEvent.changes))))


@pytest.mark.parametrize(
    "url", ["slak://a/b/c", "json://127.0.0.1/", "slack://x", "ntfys://127.0.0.1/x", "x" * 501]
)
def test_an_address_that_cannot_be_used_is_refused_with_the_reason(english, account, url):
    client = english("ola")
    fields = {**filled(client), "chat_url": url, "told": ["pool:mail"]}
    answer = client.post(PAGE, data=fields)
    assert answer.status_code == 422
    assert len(field_errors(answer)) == 1
    page = BeautifulSoup(answer.text, "html5lib")
    assert page.find("input", attrs={"name": "chat_url"})["value"] == url
    assert ticked(answer) == {"pool:mail"}
    assert account("ola").chat_url == ""


def test_a_test_message_is_sent_at_once(english, app, cast, monkeypatch):
    monkeypatch.setitem(app.config, "NOTIFY_PRIVATE_HOSTS", ["127.0.0.1"])
    client = english("ola")
    with receiving() as receiver:
        url = f"ntfy://{receiver.place}/hemmelig-emne"
        assert client.post(PAGE, data={**filled(client), "chat_url": url}).status_code == 303
        assert "ntfy" in notices(client.send(f"{PAGE}/test", follow_redirects=True))
        assert len(receiver.got) == 1
        receiver.status = 503
        said = notices(client.send(f"{PAGE}/test", follow_redirects=True))
        assert "503" in said
        assert "hemmelig-emne" not in said


def test_without_a_chat_there_is_nothing_to_test(english):
    for who in ("ola", "kari"):
        answer = english(who).send(f"{PAGE}/test", follow_redirects=True)
        assert answer.status_code == 200
        assert notices(answer)


def test_five_test_messages_a_minute_are_enough(ola):
    answers = [ola.send(f"{PAGE}/test").status_code for _ in range(6)]
    assert answers == [303] * 5 + [429]


def test_the_way_to_the_page_is_in_the_menu(kari, ola):
    for client in (kari, ola):
        assert BeautifulSoup(client.get("/", follow_redirects=True).text, "html5lib").select(
            f".menu a[href='{PAGE}']"
        )


def test_the_language_of_ones_mails_is_that_chosen_last(kari, account, browser_of):
    assert account("kari").language == "nb"
    kari.send("/preferences", {"language": "en", "next": "/"})
    assert account("kari").language == "en"
    kari.send("/preferences", {"language": "tull", "theme": "dark", "next": "/"})
    assert account("kari").language == "en"
    browser_of("kari")  # a browser that was never asked says nothing
    assert account("kari").language == "en"


def test_a_language_chosen_before_the_log_in_counts(visitor, account):
    visitor.send("/preferences", {"language": "en", "next": "/"})
    visitor.send("/login", {"email": "kari@kunde.example", "password": "en gul sykkel i regnet"})
    assert account("kari").language == "en"


def test_who_registers_is_written_to_in_the_language_of_the_page(app, visitor):
    visitor.set_cookie("language", "en")
    words = "en gul sykkel i regnet"
    visitor.send(
        "/register",
        {
            "username": "Ny Person", "email": "ny@kunde.example", "password": words,
            "password_confirm": words, "role": "bruker",
        },
    )  # fmt: skip
    with app.app_context():
        user = db.session.scalar(db.select(User).where(User.email == "ny@kunde.example"))
        assert user.language == "en"


def test_every_kind_that_is_named_can_be_used():
    named = {word.strip(" ,()").lower() for word in chat.EXAMPLES.split()} - {"teams"}
    assert named <= chat.KINDS
