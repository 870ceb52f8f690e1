"""What messages say, in both languages and both forms, to requesters and to workers."""

import re
from contextvars import Context
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import has_request_context
from jinja2 import ChoiceLoader, DictLoader
from sqlalchemy import select

from console import clock, language, tickets
from console.models import (
    Attachment,
    Channel,
    Delivery,
    DeliveryState,
    Event,
    Kind,
    Medium,
    Priority,
    Status,
    Ticket,
    Topic,
    WaitingFor,
)
from console.notify import letters
from console.notify.letters import LetterError, write
from console.tickets.events import record
from console.tickets.triage import wait
from tests.markup.test_safety import BATTERY

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
BASE = "https://sak.example.no"
LANGUAGES = ["nb", "en"]
TO_WORKERS = [t for t in Topic if t not in (*letters.TO_REQUESTERS, Topic.ACCOUNT)]


@pytest.fixture(autouse=True)
def office(app, monkeypatch):
    """One address, one name and one moment, and no environment of a test before."""
    monkeypatch.setitem(app.config, "BASE_URL", BASE)
    app.extensions.pop("letters", None)
    with clock.at(NOW):
        yield
    app.extensions.pop("letters", None)


@pytest.fixture
def ticket(session, number):
    return session.get_one(Ticket, number)


@pytest.fixture
def owe(session):
    """A delivery about an Event, as it stands in the outbox."""

    def make(topic, event=None, person=None, **more):
        row = Delivery(
            topic=topic, event=event, ticket=event.ticket if event else None, person=person,
            recipient=person.email if person else "team", run_at=clock.now(),
            created_at=clock.now(), **more,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row

    return make


@pytest.fixture
def happen(session, people, ticket, owe):
    """Let something happen on the ticket, and owe somebody the message about it."""

    def make(topic, *, body="", **more):
        kari, ola, nina = people("kari"), people("ola"), people("nina")
        due = {"due_at": NOW + timedelta(hours=2)}
        told = {"recipient": [None, kari.email], "reason": [None, "550 no such user"]}
        event = None
        match topic:
            case Topic.ACCOUNT:
                body = body or f"Hei!\n\n{BASE}/reset/abc"
                more = {"subject": "Nytt passord", "body": body, **more}
            case Topic.RECEIPT | Topic.POOL:
                event = opened(session, ticket)
            case Topic.REPLY:
                event = tickets.reply(session, ola, ticket, body=body or "I morgen.")
            case Topic.ANSWERED:
                event = tickets.reply(session, kari, ticket, body=body or "I morgen.")
            case Topic.TAKEN:
                tickets.assign(session, nina, ticket, to=nina)
                tickets.release(session, nina, ticket)
                event = tickets.take(session, ola, ticket)
            case Topic.CLOSED:
                event = tickets.set_status(session, ola, ticket, to=Status.CLOSED)
            case Topic.REOPENED:
                tickets.set_status(session, ola, ticket, to=Status.CLOSED)
                event = tickets.set_status(session, ola, ticket, to=Status.IN_PROGRESS)
            case Topic.ASSIGNED:
                tickets.assign(session, nina, ticket, to=nina)
                event = tickets.assign(session, nina, ticket, to=ola)
            case Topic.HIGH:
                event = tickets.set_priority(session, nina, ticket, to=Priority.HIGH)
            case Topic.DUE_SOON | Topic.OVERDUE:
                kind = Kind[topic.name]
                event = record(session, nina, ticket, kind, internal=True, **due)
            case Topic.UNDELIVERED:
                kind = Kind.UNDELIVERED
                event = record(session, nina, ticket, kind, internal=True, told=told)
        reader = kari if topic in letters.TO_REQUESTERS else ola
        owed = owe(topic, event, reader, **more)
        if topic is Topic.DIGEST:
            owe(Topic.POOL, opened(session, ticket), reader, digest_id=owed.id)
        return owed

    return make


def opened(session, ticket):
    """The Event with which the ticket began."""
    return session.scalar(select(Event).where(Event.ticket_id == ticket.id, Event.version == 1))


@pytest.fixture
def count_statements(session):
    """How many statements something takes that has to read all its rows anew."""

    def count(what, *args):
        said = []
        session.expire_all()

        def hear(connection, cursor, statement, *rest):
            said.append(statement)

        sa.event.listen(session.get_bind(), "before_cursor_execute", hear)
        try:
            what(*args)
        finally:
            sa.event.remove(session.get_bind(), "before_cursor_execute", hear)
        return len(said)

    return count


def dom(letter):
    return BeautifulSoup(letter.html, "html5lib")


def addresses(letter):
    """Where the mail leads."""
    return [a["href"] for a in dom(letter).find_all("a")]


# --- every topic


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


# --- to requesters


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("topic", letters.TO_REQUESTERS)
def test_a_requester_is_told_nothing_internal(session, people, happen, ticket, topic, code):
    nina = people("nina")
    tickets.note(session, nina, ticket, body="INTERN-1")
    tickets.set_priority(session, nina, ticket, to=Priority.HIGH)
    tickets.tag(session, nina, ticket, add=["INTERN-2"])
    wait(
        session, nina, ticket, until=NOW + timedelta(days=9), waiting_for=WaitingFor.SUPPLIER,
        reason="INTERN-3",
    )  # fmt: skip
    owed = happen(topic)
    owed.person.language = code
    letter = write(session, owed)
    whole = "\n".join((letter.subject, letter.text, letter.html, letter.short))
    assert not re.search(r"INTERN|/admin/|priorit|Nina|kø|queue|tag\b|leverandør", whole, re.I)
    assert letter.subject == f"[#SAK-{ticket.id}] Skriveren er tom"
    assert f"{BASE}/tickets/{ticket.id}#e{owed.event_id}" in addresses(letter)


def test_a_receipt_tells_number_hours_and_by_when(session, people, happen, ticket):
    people("kari").language = "en"
    letter = write(session, happen(Topic.RECEIPT))
    assert "You will have an answer by Tuesday 24 November at 14:00." in letter.text
    assert f"Ticket number: #{ticket.id}" in letter.text
    assert "Opening hours: Monday–Friday 08:00–16:00" in letter.text
    assert "add a picture" in letter.text
    assert "We have received your request" in letter.text


def test_a_receipt_that_is_late_promises_nothing_that_has_passed(session, people, happen):
    people("kari").language = "en"
    owed = happen(Topic.RECEIPT)
    with clock.at(NOW + timedelta(days=1)):
        letter = write(session, owed)
    assert "as soon as we can" in letter.text
    assert "24 November" not in letter.text


def test_who_called_is_told_what_was_written_down(app, session, people, new_ticket, owe):
    number = new_ticket("ola", description="Ringte: passordet er utløpt.")
    kari, ola = people("kari"), people("ola")
    kari.language = "en"
    event = tickets.open_ticket(
        session, ola, requester=kari, title="Passord", description="Ringte om Visma.",
        channel=Channel.PHONE,
    )  # fmt: skip
    letter = write(session, owe(Topic.RECEIPT, event, kari))
    assert number != event.ticket_id
    assert "We have written down your request" in letter.text
    assert "Ringte om Visma." in letter.text
    assert "Ola" not in letter.text


def test_a_reply_is_rendered_and_its_secrets_stay_bullets(session, people, happen):
    owed = happen(Topic.REPLY, body="**Nå** virker den.\nPassord: Sommer2026!\n\n- en\n- to")
    letter = write(session, owed)
    page = dom(letter)
    said = page.find(class_="said")
    assert said.strong.text == "Nå"
    assert [point.text for point in said.find_all("li")] == ["en", "to"]
    assert "••••••••" in said.text
    assert "••••••••" in letter.text
    assert not said.find_all(["button", "form", "input"])
    assert "Sommer2026" not in letter.html + letter.text + letter.short
    assert letter.sender_name == "Ola Drift (TechSupport AS)"


def test_what_a_requester_writes_keeps_its_lines_and_means_what_it_says(session, happen):
    letter = write(session, happen(Topic.ANSWERED, body="*Hei*\n\nSe www.skriver.example\n1 < 2"))
    said = dom(letter).find(class_="said")
    assert said.get_text("|", strip=True) == "*Hei*|Se|www.skriver.example|1 < 2"
    assert len(said.find_all("br")) == 3
    assert "*Hei*\n\nSe www.skriver.example\n1 < 2" in letter.text


def test_files_are_named_and_lie_on_the_page(session, people, happen):
    owed = happen(Topic.REPLY)
    for name in ("bilde.png", "<b>rapport</b>.pdf"):
        session.add(
            Attachment(
                uploader_id=people("ola").id, ticket_id=owed.ticket_id, name=name, size=1,
                message_id=owed.event.message.id, media_type="image/png", sha256="0" * 64,
                store_key=name, created_at=NOW,
            )
        )  # fmt: skip
    session.flush()
    letter = write(session, owed)
    points = [point.text.strip() for point in dom(letter).find_all("li")]
    assert points == ["bilde.png", "<b>rapport</b>.pdf"]
    assert "- bilde.png\n- <b>rapport</b>.pdf\n" in letter.text


@pytest.mark.parametrize(
    ("days", "sentence"),
    [(14, "within 14 days"), (1, "within 1 day,"), (0, "we make a new ticket of it")],
)
def test_who_hears_that_it_is_closed_hears_how_to_open_it(
    app, session, people, happen, monkeypatch, days, sentence
):
    monkeypatch.setitem(app.config, "REOPEN_DAYS", days)
    people("kari").language = "en"
    reply = happen(Topic.REPLY)
    assert sentence not in write(session, reply).text
    assert sentence in write(session, happen(Topic.CLOSED)).text
    assert sentence in write(session, reply).text
    assert "The ticket is closed." in write(session, reply).short


def test_a_reply_of_the_greatest_length_is_told_whole(session, happen):
    body = ("Linje med ord og https://a.no/x. " * 700)[:19_990] + "SISTE ORD"
    letter = write(session, happen(Topic.REPLY, body=body))
    assert body in letter.text
    assert "SISTE ORD" in letter.html
    assert len(letter.short) <= letters.SHORT_MAX
    assert "Linje med" not in letter.short


# --- to workers


@pytest.mark.parametrize("topic", [t for t in TO_WORKERS if t not in (Topic.DIGEST, Topic.ALARM)])
def test_a_worker_is_told_first_what_happened_and_led_to_the_console(session, happen, topic):
    owed = happen(topic)
    letter = write(session, owed)
    heading = dom(letter).h1.text
    assert letter.subject == f"{heading}: Skriveren er tom [#SAK-{owed.ticket_id}]"
    assert f"{BASE}/admin/tickets/{owed.ticket_id}#e{owed.event_id}" in addresses(letter)
    assert letter.sender_name == "TechSupport AS"


@pytest.mark.parametrize(
    ("phone", "way"), [("91122333", "Call 911\xa022\xa0333"), ("", "no phone")]
)
def test_who_was_not_reached_is_to_be_called(session, people, happen, phone, way):
    people("kari").phone, people("ola").language = phone, "en"
    letter = write(session, happen(Topic.UNDELIVERED))
    assert "To: kari@kunde.example" in letter.text
    assert "Reason: 550 no such user" in letter.text
    assert way in letter.text


def test_a_digest_tells_the_newest_a_ticket_at_a_time(session, people, happen, ticket, owe):
    people("ola").language = "en"
    digest = happen(Topic.DIGEST)
    other = tickets.open_ticket(
        session, people("per"), title="Nettet er nede", description="Ingenting virker."
    )
    for event in (other, opened(session, ticket)) * 30:
        owe(Topic.POOL, event, people("ola"), digest_id=digest.id, state=DeliveryState.GATHERED)
    letter = write(session, digest)
    page = dom(letter)
    assert letter.subject.startswith("61 notices")
    assert len(page.find_all("li")) == letters.DIGEST_MAX
    assert [h.text for h in page.find_all("h2")] == [
        f"#{other.ticket_id - 1} Skriveren er tom", f"#{other.ticket_id} Nettet er nede",
    ]  # fmt: skip
    assert "and 11 more" in letter.text
    assert f"{BASE}/admin/tickets/{other.ticket_id}" in addresses(letter)


def test_a_digest_costs_the_same_for_one_and_for_fifty(
    session, people, happen, ticket, owe, count_statements
):
    digest = happen(Topic.DIGEST)
    few = count_statements(write, session, digest)
    for _ in range(49):
        owe(Topic.POOL, opened(session, ticket), people("ola"), digest_id=digest.id)
    assert count_statements(write, session, digest) == few <= 8


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
