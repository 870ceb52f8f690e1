"""The mail as it leaves: read again as a mail program reads it."""

import email
import re
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.policy import default
from email.utils import parseaddr

import pytest

from console import clock, tickets
from console.models import Delivery, DeliveryState, Ticket, Topic
from console.notify import envelope, message_ids
from console.notify.letters import Letter, LetterError, write

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LETTER = Letter("Emne", "Tekst på norsk\n", "<p>Tekst på norsk</p>", "kort", "TechSupport AS")
EVIL_NAMES = [
    'Ola "Sjef" Nordmann', "Nordmann, Ola", "ola@evil.example", "Ola <ond@evil.example>",
    "Ola\r\nBcc: ond@evil.example", "Ola\nX-Evil: 1", "Åse Ødegård", "李 小龍", "a" * 64 + "å",
    "=?utf-8?q?=3Cimg_src=3Dx_onerror=3Dalert(1)=3E?=", "Ola; Kari", "Ola \\", "(Ola", "Ola: x;",
    "Ola\u2028Bcc: x@y.no", "Ola \x00 x", "\u202eola", "👩\u200d🔧 Ola",
]  # fmt: skip


@pytest.fixture(autouse=True)
def office(app, monkeypatch):
    monkeypatch.setitem(app.config, "MAIL_DEFAULT_SENDER", "Hjelp <support@firma.example>")
    with clock.at(NOW):
        yield


@pytest.fixture
def owe(session, number):
    """A mail on Kari's ticket, about to leave."""

    def make(**more):
        row = Delivery(
            **{
                "ticket_id": number, "recipient": "kari@kunde.example", "topic": Topic.REPLY,
                "state": DeliveryState.WAITING, "run_at": NOW, "created_at": NOW, **more,
            }
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row

    return make


def posted(session, delivery, letter=LETTER):
    """The mail on the other side, and its bytes on the way."""
    mail = envelope.mail(session, delivery, letter)
    raw = mail.message().as_bytes(linesep="\r\n")
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert mail.from_email == "support@firma.example"
    assert mail.recipients() == [delivery.recipient]
    return email.message_from_bytes(raw, policy=default)


def name_in(mail, header):
    """The name as mail programs show it. (Python's newer parser puts a blank into a long one.)"""
    whole = dict(mail.raw_items())[header]
    return str(make_header(decode_header(parseaddr(whole)[0])))


def with_name(name):
    return Letter(LETTER.subject, LETTER.text, LETTER.html, LETTER.short, name)


def with_subject(subject):
    return Letter(subject, LETTER.text, LETTER.html, LETTER.short, LETTER.sender_name)


def test_a_mail_has_what_a_mail_program_needs(session, owe):
    owed = owe()
    mail = posted(session, owed)
    assert mail["From"].addresses[0].display_name == "TechSupport AS"
    assert mail["From"].addresses[0].addr_spec == "support@firma.example"
    assert mail["Reply-To"].addresses[0].addr_spec == "support@firma.example"
    assert [a.addr_spec for a in mail["To"].addresses] == ["kari@kunde.example"]
    assert mail["Date"].datetime == NOW
    assert mail["Message-ID"] == message_ids.of_delivery(owed.id)
    assert mail["Subject"] == "Emne"
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    plain, html = mail.iter_parts()
    assert plain.get_content().strip() == LETTER.text.strip()
    assert html.get_content().strip() == LETTER.html
    assert {part.get_content_charset() for part in (plain, html)} == {"utf-8"}
    for name in mail:
        assert len(mail.get_all(name)) == 1


def test_a_copy_is_the_same_mail(session, owe):
    owed = owe()
    one, other = posted(session, owed), posted(session, owed)
    assert dict(one.items()) | {"Content-Type": ""} == dict(other.items()) | {"Content-Type": ""}


def test_a_thread_is_named_in_its_headers(session, owe, number):
    first = owe(state=DeliveryState.SENT)
    alone, later = posted(session, first), posted(session, owe())
    assert alone["In-Reply-To"] is None
    assert alone["References"] == message_ids.of_thread(number)
    assert later["In-Reply-To"] == message_ids.of_delivery(first.id)
    assert later["References"].split() == [
        message_ids.of_thread(number), message_ids.of_delivery(first.id),
    ]  # fmt: skip
    assert "References" not in posted(session, owe(ticket_id=None, topic=Topic.ACCOUNT))


def test_a_long_thread_has_no_long_line(session, owe):
    for _ in range(30):
        owe(state=DeliveryState.SENT)
    mail = posted(session, owe())
    assert 10 < len(mail["References"].split()) <= 21


@pytest.mark.parametrize("topic", Topic)
def test_other_machines_are_told_what_a_machine_has_written(session, owe, topic):
    mail = posted(session, owe(topic=topic))
    if topic is Topic.REPLY:
        said = None
    elif topic is Topic.RECEIPT:
        said = "auto-replied"
    else:
        said = "auto-generated"
    assert mail["Auto-Submitted"] == said
    assert (mail["X-Auto-Response-Suppress"] is None) == (said is None)
    assert mail["Precedence"] == ("auto_reply" if topic is Topic.RECEIPT else None)
    # A mail that cannot be delivered is what we do want to be told of.
    assert "NDR" not in (mail["X-Auto-Response-Suppress"] or "")
    assert mail["X-Auto-Response-Suppress"] != "All"


@pytest.mark.parametrize("name", EVIL_NAMES, ids=range(len(EVIL_NAMES)))
def test_no_name_makes_another_sender(session, owe, name):
    mail = posted(session, owe(), with_name(f"{name} (TechSupport AS)"))
    assert len(mail["From"].addresses) == 1
    assert mail["From"].addresses[0].addr_spec == "support@firma.example"
    assert name_in(mail, "From") == " ".join(f"{name} (TechSupport AS)".split())
    assert not {"Bcc", "X-Evil"} & set(mail.keys())


@pytest.mark.parametrize("name", EVIL_NAMES, ids=range(len(EVIL_NAMES)))
def test_no_title_makes_another_header(session, owe, name):
    mail = posted(session, owe(), with_subject(f"[#SAK-1] {name}"))
    assert mail["Subject"] == " ".join(f"[#SAK-1] {name}".split())
    assert not {"Bcc", "X-Evil"} & set(mail.keys())
    assert [a.addr_spec for a in mail["To"].addresses] == ["kari@kunde.example"]


@pytest.mark.parametrize(
    "office_name", ["Åsen & Sønner, Data", 'Data "24/7" AS', "a@b AS", "Data\nBcc: x@y.no"]
)
def test_the_office_may_be_called_anything(app, session, owe, monkeypatch, office_name):
    monkeypatch.setitem(app.config, "ORGANISATION_NAME", office_name)
    mail = posted(session, owe(), with_name(office_name))
    for header in ("From", "Reply-To"):
        assert [a.addr_spec for a in mail[header].addresses] == ["support@firma.example"]
        assert name_in(mail, header) == " ".join(office_name.split())
    assert "Bcc" not in mail


@pytest.mark.parametrize(
    "address",
    [
        "", "kari", "kari@a.no, per@b.no", "kari@a.no\r\nBcc: per@b.no", "Kari <kari@a.no>",
        "kari@a.no per@b.no", "kari@a.no;per@b.no", "@a.no", "kari@", "kari@a.no\0",
        "kari\n@a.no", "(x)kari@a.no", "<kari@a.no>",
    ],
)  # fmt: skip
def test_what_is_no_address_is_not_written_to(session, owe, address):
    with pytest.raises(LetterError, match="no_address"):
        envelope.mail(session, owe(recipient=address), LETTER)


def test_an_address_with_norwegian_letters_is_written_as_servers_read_it(session, owe):
    mail = posted(session, owe(recipient="kari@blåbær.example"))
    assert mail["To"].addresses[0].addr_spec == "kari@xn--blbr-roah.example"


def test_a_long_reply_arrives_as_it_was_written(session, owe, people, number):
    body = ("En linje som aldri tar slutt, med æ, ø og å. " * 500)[:19_990]
    ticket, ola = session.get_one(Ticket, number), people("ola")
    event = tickets.reply(session, ola, ticket, body=body.strip())
    owed = owe(event_id=event.id, recipient_id=people("kari").id)
    mail = posted(session, owed, write(session, owed))
    plain, html = mail.iter_parts()
    assert body.strip() in plain.get_content()
    assert body.strip() in re.sub(r"\s+", " ", html.get_content())
    assert mail["From"].addresses[0].display_name == "Ola Drift (TechSupport AS)"
    assert mail["Subject"] == f"[#SAK-{number}] Skriveren er tom"
