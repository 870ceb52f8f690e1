"""Message-IDs that only we can write, and what a mail refers to."""

import re

import pytest

from console import clock
from console.models import ID_MAX, Delivery, DeliveryState, Medium, Ticket, Topic
from console.notify import message_ids
from console.notify.message_ids import of_delivery, of_thread, read, references


@pytest.fixture(autouse=True)
def office(app, monkeypatch):
    """A domain with capitals, as somebody may write it."""
    monkeypatch.setitem(app.config, "MAIL_DEFAULT_SENDER", "Hjelp <support@Firma.example>")


@pytest.mark.parametrize("number", [1, 12, 123_456, ID_MAX])
def test_what_we_wrote_is_read(context, number):
    written = of_delivery(number)
    assert re.fullmatch(rf"<sak-{number}-[0-9a-f]{{16,}}@firma\.example>", written)
    assert read(written) == number
    assert read(f"  {written}\r\n") == number
    assert read(written.replace("firma.example", "FIRMA.EXAMPLE")) == number
    assert of_delivery(number) == written


def changed(text):
    """The text with each hexadecimal digit of its signature changed, one at a time."""
    start, end = text.rindex("-") + 1, text.index("@")
    for place in range(start, end):
        other = "0" if text[place] != "0" else "1"
        yield text[:place] + other + text[place + 1 :]


def test_no_digit_of_it_can_be_changed(context):
    written = of_delivery(12)
    assert [read(forged) for forged in changed(written)] == [None] * 24
    assert read(written.replace("sak-12-", "sak-13-")) is None
    assert read(written.replace("sak-12-", "sak-012-")) != 13


@pytest.mark.parametrize(
    "forge",
    [
        lambda own: own.replace("@firma.example", "@evil.example"),
        lambda own: own.replace("@firma.example", "@firma.example.evil.example"),
        lambda own: own.strip("<>"),
        lambda own: own + own,
        lambda own: own.upper(),
        lambda own: own.replace("12", "\u0661\u0662", 1),
        lambda own: own.replace("<sak-12-", "<sak--12-"),
        lambda own: own.replace("<sak-12-", f"<sak-{'9' * 19}-"),
        lambda own: own.replace("<sak-12-", f"<sak-{'9' * 10_000}-"),
        lambda own: re.sub("-[0-9a-f]+@", "-@", own),
        lambda own: re.sub("-[0-9a-f]+@", "@", own),
        lambda own: re.sub("-[0-9a-f]+@", "-0000@", own),
        lambda own: own[:-1],
        lambda own: own + "\0",
        lambda own: own.replace("@", "\n@"),
        lambda own: "",
        lambda own: "<" * 100_000,
        lambda own: "<ticket-1@firma.example>",
        lambda own: of_thread(12),
        lambda own: of_thread(12).replace("thread-", ""),
    ],
)
def test_anything_else_is_nothing(context, forge):
    assert read(forge(of_delivery(12))) is None


def test_another_key_signs_otherwise(app, context, monkeypatch):
    written = of_delivery(12)
    monkeypatch.setitem(app.config, "SECRET_KEY", "another key " * 4)
    assert read(written) is None
    assert of_delivery(12) != written


def test_the_domain_is_that_of_the_sender(app, context, monkeypatch):
    for sender, domain in (
        ("support@localhost", "localhost"), ('"A, B" <s@x.no>', "x.no"), ("nonsense", "localhost"),
    ):  # fmt: skip
        monkeypatch.setitem(app.config, "MAIL_DEFAULT_SENDER", sender)
        assert of_delivery(1).endswith(f"@{domain}>")


@pytest.fixture
def owe(session, number):
    """A mail on Kari's ticket, sent."""

    def make(**more):
        row = Delivery(
            **{
                "ticket_id": number, "recipient": "kari@kunde.example", "topic": Topic.REPLY,
                "state": DeliveryState.SENT, "run_at": clock.now(), "created_at": clock.now(),
                **more,
            }
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row

    return make


def test_a_first_mail_refers_to_the_thread_alone(session, owe, number):
    assert references(session, owe(state=DeliveryState.WAITING)) == (None, [of_thread(number)])


def test_a_mail_refers_to_what_the_same_person_got_on_the_ticket(session, owe, number, new_ticket):
    other = session.get_one(Ticket, new_ticket("kari", "Noe annet"))
    first = owe()
    owe(recipient="ola@firma.example")
    owe(state=DeliveryState.CANCELLED)
    owe(channel=Medium.SMS)
    owe(ticket_id=other.id)
    second, last = owe(), owe(state=DeliveryState.WAITING)
    owe()
    assert references(session, last) == (
        of_delivery(second.id),
        [of_thread(number), of_delivery(first.id), of_delivery(second.id)],
    )


def test_a_long_thread_names_its_beginning_and_its_end(app, session, owe, number, monkeypatch):
    sent = [owe() for _ in range(40)]
    for domain in ("firma.example", f"{'lang.' * 40}example"):
        monkeypatch.setitem(app.config, "MAIL_DEFAULT_SENDER", f"support@{domain}")
        follows, named = references(session, owe(state=DeliveryState.WAITING))
        assert len(" ".join(named)) <= message_ids.REFERENCES_MAX
        assert named[0] == of_thread(number)
        assert named[-1] == follows == of_delivery(sent[-1].id)
        assert len(named) > 4


def test_a_mail_about_no_ticket_refers_to_nothing(session, owe):
    assert references(session, owe(ticket_id=None)) == (None, [])
