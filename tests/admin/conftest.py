"""What several files start from: tickets, messages that are owed, and somebody else who acts."""

import pytest
import sqlalchemy as sa

from console.extensions import db
from console.models import Delivery, Event, Ticket, User
from console.transaction import change
from tests.notify.owing import owe as owe_in


@pytest.fixture
def three(new_ticket):
    """Tickets of two requesters: one of Per's and two of Kari's."""
    return [new_ticket("kari" if n else "per", title=f"Sak {n}") for n in range(3)]


@pytest.fixture
def pair(new_ticket):
    """Two tickets of Kari's: the survivor, and the one that becomes part of it."""
    return new_ticket("kari", "Skriveren er tom"), new_ticket("kari", "Ingen utskrift")


@pytest.fixture
def act(app, cast):
    """Let one of the cast do something behind the browser's back."""

    def run(who, verb, number, **how):
        with app.app_context(), change() as session:
            actor = session.get_one(User, getattr(cast, who))
            return verb(session, actor, session.get_one(Ticket, number), **how)

    return run


@pytest.fixture
def owe(app):
    """Make a message, about the last event of the ticket; answers its number."""

    def make(ticket=None, **columns):
        with app.app_context(), change() as session:
            asked = sa.select(Event).where(Event.ticket_id == ticket).order_by(Event.id.desc())
            event = session.scalars(asked.limit(1)).first() if ticket else None
            return owe_in(session, ticket, event=event, **columns).id

    return make


@pytest.fixture
def row(app):
    """The message as it is now."""

    def get(number):
        with app.app_context():
            return db.session.get(Delivery, number)

    return get
