"""What requesters are told: the number, the hours, the reply itself, and nothing internal."""

import re
from datetime import timedelta

import pytest

from console import clock, tickets
from console.models import Attachment, Channel, Priority, Topic, WaitingFor
from console.notify import letters
from console.notify.letters import write
from console.tickets.triage import wait
from tests.notify.letters.conftest import BASE, LANGUAGES, NOW, addresses, dom


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
