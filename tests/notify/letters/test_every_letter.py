"""What all letters share, those about accounts too: languages, forms, links, and bad input."""

import re
from contextvars import Context

import pytest
from flask import has_request_context
from jinja2 import ChoiceLoader, DictLoader

from console import clock, language
from console.models import Delivery, Kind, Medium, Topic
from console.notify import letters
from console.notify.letters import LetterError, write
from console.tickets.events import record
from tests.markup.test_safety import BATTERY
from tests.notify.letters.conftest import BASE, LANGUAGES, addresses, dom


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("topic", Topic)
def test_every_topic_can_be_told_in_both_languages(session, people, happen, topic, code):
    owed = happen(topic)
    owed.person.language = code
    letter = write(session, owed)
    page = dom(letter)
    assert page.html["lang"] == code
    assert page.title.text == letter.subject
    assert len(page.find_all("h1")) == 1
    for said in (letter.subject, letter.short, page.h1.text):
        assert said.strip() == said != ""
        assert said.isprintable()
    assert len(letter.subject) <= Delivery.SUBJECT_MAX
    assert len(letter.short) <= letters.SHORT_MAX
    assert letter.text.strip()
    assert not re.search(r"[{}]|<\w|&\w+;|None|Undefined", letter.text + letter.short)
    assert not re.search(r"\n{4}", letter.text)


@pytest.mark.parametrize("topic", Topic)
def test_every_letter_leads_to_us_and_fetches_nothing(session, happen, topic):
    letter = write(session, happen(topic))
    page = dom(letter)
    links = addresses(letter) + re.findall(r"https?://\S+", letter.text + letter.short)
    assert links
    assert all(link.startswith(f"{BASE}/") for link in links)
    assert not page.find_all(["img", "script", "link", "iframe", "form", "object"])
    assert not re.search(r"url\(|@import|\bsrc=", letter.html)
    assert page.find("meta", attrs={"name": "color-scheme"})["content"] == "light dark"


@pytest.mark.parametrize("topic", [t for t in Topic if t not in (Topic.ACCOUNT, Topic.DIGEST)])
def test_both_forms_of_a_mail_say_the_same(session, happen, topic):
    letter = write(session, happen(topic))
    page = dom(letter)
    for paragraph in page.body.find_all(["h1", "p", "li"]):
        if not paragraph.find("a") and paragraph.text.strip():
            for line in paragraph.text.strip().splitlines():
                assert line.strip() in letter.text
    for name, value in (row.find_all("td") for row in page.find_all("tr")):
        assert f"{name.text}: {value.text}" in letter.text


@pytest.mark.parametrize("topic", Topic)
def test_what_is_said_to_one_is_said_in_no_other_language(client_page, session, happen, topic):
    """Whoever's page or process it is: neither its language nor its request counts."""
    owed = happen(topic)
    owed.person.language = "en"
    plain = write(session, owed)
    assert language.choose() == "nb"
    with client_page("nb"):
        assert write(session, owed) == plain
    assert not re.search(r"\b(Saken?|Svar|Åpne|Velg|Du får)\b", plain.text.partition(BASE)[0]) or (
        topic in (Topic.REPLY, Topic.ANSWERED, Topic.ACCOUNT)
    )


@pytest.fixture
def client_page(app):
    return lambda code: app.test_request_context(
        "/elsewhere", base_url="http://evil.example", headers={"Cookie": f"language={code}"}
    )


def test_the_team_reads_bokmål_and_has_nothing_to_choose(session, happen):
    owed = happen(Topic.OVERDUE)
    owed.person, owed.channel = None, Medium.TEAM
    letter = write(session, owed)
    assert dom(letter).html["lang"] == "nb"
    assert letters.CHOICES not in letter.html + letter.text
    assert f"{BASE}/admin/tickets/{owed.ticket_id}#e{owed.event_id}" in letter.short


def test_a_letter_is_written_without_a_request(app, session, happen):
    owed = happen(Topic.TAKEN)

    def in_a_worker():
        with app.app_context():
            assert not has_request_context()
            return write(session, owed)

    assert f"{BASE}/tickets/{owed.ticket_id}" in Context().run(in_a_worker).text


# --- mails about accounts


def test_a_mail_about_an_account_is_kept_as_it_was_planned(session, happen):
    body = "Hei!\n\nVelg et passord:\nhttps://sak.example.no/reset/a?b=c&d=<e>\n"
    owed = happen(Topic.ACCOUNT, body=body)
    letter = write(session, owed)
    assert letter.text == body
    assert letter.subject == "Nytt passord"
    assert addresses(letter) == [f"{BASE}/reset/a?b=c&d="]
    owed.subject, owed.body = letter.subject, letter.text
    assert write(session, owed) == letter


# --- bad input


@pytest.mark.parametrize("topic", [Topic.REPLY, Topic.ANSWERED, Topic.ASSIGNED, Topic.UNDELIVERED])
def test_nothing_that_is_written_lives_in_a_mail(session, people, happen, topic):
    """In the text, the title, the description and the names."""
    for evil in BATTERY:
        owed = happen(topic, body=f"{evil[:5_000]} x")
        said = {"title": evil[:150], "description": evil[:5_000]}
        record(session, people("nina"), owed.ticket, Kind.RETITLED, internal=True, **said)
        for who in ("kari", "ola", "nina"):
            people(who).username = evil[:60].replace("\x00", "")
        check(write(session, owed))


def check(letter):
    page = dom(letter)
    assert not page.find_all(
        ["script", "img", "svg", "math", "iframe", "form", "input", "base", "object", "textarea",
         "plaintext", "xmp", "noscript", "link", "button"]
    )  # fmt: skip
    assert len(page.find_all("style")) == len(page.find_all("title")) == 1
    assert len(page.find_all("meta")) == 4
    for element in page.find_all(True):
        assert not [name for name in element.attrs if name.startswith("on")], element
        for name in ("href", "src", "action", "xlink:href", "srcdoc"):
            if name in element.attrs:
                assert re.match(r"(https?://|mailto:|tel:)", element[name], re.I), element
    assert letter.subject.isprintable() or "\u200d" in letter.subject
    assert not re.search(r"[\r\n\0]", letter.subject + letter.short + letter.sender_name)


def test_a_title_with_line_breaks_stays_on_one_line(session, people, happen, ticket):
    title = "Skriver\r\nBcc: ond@evil.example\u2028\u202eTo:\x00 x"
    for topic in (Topic.TAKEN, Topic.ANSWERED):
        owed = happen(topic)
        record(session, people("nina"), ticket, Kind.RETITLED, internal=True, title=title)
        letter = write(session, owed)
        assert "Skriver Bcc: ond@evil.example To: x" in letter.subject
        assert letter.subject.isprintable()
        assert letter.short.isprintable()


def test_a_long_title_leaves_the_number_and_the_link_whole(session, people, happen, ticket):
    record(session, people("nina"), ticket, Kind.RETITLED, internal=True, title="ord " * 50)
    people("nina").username = "N" * 64
    owed = happen(Topic.ASSIGNED)
    letter = write(session, owed)
    assert letter.subject.endswith(f" [#SAK-{ticket.id}]")
    assert letter.short.endswith(f"{BASE}/admin/tickets/{ticket.id}#e{owed.event_id}")
    assert len(letter.short) <= letters.SHORT_MAX


def test_an_sms_has_no_sign_that_makes_it_cost_twice(session, people, happen, ticket):
    record(session, people("nina"), ticket, Kind.RETITLED, internal=True, title="ord " * 50)
    for topic in letters.TO_REQUESTERS:
        assert not re.search("[«»…–—“”‘’]", write(session, happen(topic)).short)


def test_a_message_that_was_taken_back_is_not_told(session, happen):
    owed = happen(Topic.REPLY)
    owed.event.message.withdrawn_at = clock.now()
    with pytest.raises(LetterError, match=r"mail/reply.html: 'words' is undefined"):
        write(session, owed)


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ gone }}", "'gone' is undefined"),
        ("{{ title.gone }}", "has no attribute 'gone'"),
        ("{% if %}", "Expected an expression"),
        ('{{ _("%%(nothing)s here") % {} }}', "nothing"),
        ("{{ 1 / 0 }}", "division by zero"),
        ('{% include "mail/gone.html" %}', "mail/gone.html"),
    ],
)
def test_a_template_with_a_mistake_fails_this_message_and_says_why(
    app, session, happen, monkeypatch, template, reason
):
    head = '{% extends "mail/_letter.html" %}{% block heading %}x{% endblock %}'
    block = f"{{% block news %}}{{% endblock %}}{{% block body %}}{template}{{% endblock %}}"
    broken = DictLoader({"mail/taken.html": head + block})
    monkeypatch.setattr(app.jinja_env, "loader", ChoiceLoader([broken, app.jinja_env.loader]))
    with pytest.raises(LetterError) as refused:
        write(session, happen(Topic.TAKEN))
    assert str(refused.value).startswith("mail/taken.html: ")
    assert reason in str(refused.value)
    assert len(str(refused.value)) <= Delivery.ERROR_MAX
    assert write(session, happen(Topic.ANSWERED))


@pytest.mark.parametrize("topic", [t for t in Topic if t not in (Topic.ACCOUNT, Topic.ALARM)])
def test_a_message_about_nothing_is_not_sent(session, people, owe, topic):
    if topic is Topic.DIGEST:
        assert write(session, owe(topic, None, people("ola"))).subject.startswith("0 ")
        return
    with pytest.raises(LetterError, match=f"mail/{topic}.html: "):
        write(session, owe(topic, None, people("kari")))
