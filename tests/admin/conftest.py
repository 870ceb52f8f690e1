"""What the tests of many tickets at once start from: three tickets, and somebody else who acts."""

import pytest

from console.models import Ticket, User
from console.transaction import change


@pytest.fixture
def three(new_ticket):
    """Tickets of two requesters: one of Per's and two of Kari's."""
    return [new_ticket("kari" if n else "per", title=f"Sak {n}") for n in range(3)]


@pytest.fixture
def act(app, cast):
    """Let one of the cast do something behind the browser's back."""

    def run(who, verb, number, **how):
        with app.app_context(), change() as session:
            actor = session.get_one(User, getattr(cast, who))
            verb(session, actor, session.get_one(Ticket, number), **how)

    return run
