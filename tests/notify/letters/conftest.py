"""Something happens on a ticket, somebody is owed a letter about it, and the letter is read."""

from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from console import clock, tickets
from console.models import Delivery, Event, Kind, Priority, Status, Ticket, Topic
from console.notify import letters
from console.tickets.events import record

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
BASE = "https://sak.example.no"
LANGUAGES = ["nb", "en"]


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


def dom(letter):
    return BeautifulSoup(letter.html, "html5lib")


def addresses(letter):
    """Where the mail leads."""
    return [a["href"] for a in dom(letter).find_all("a")]
