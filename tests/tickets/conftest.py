"""What the tests of merging and links share, and those of undo: people, tickets, and replies."""

import pytest

from console import tickets
from console.tickets.undo import take_back
from tests.conftest import ticket_of

# --- merging and links


@pytest.fixture
def ola(people):
    """A worker's account: the rules know no browser."""
    return people("ola")


@pytest.fixture
def kari(people):
    """A requester's account."""
    return people("kari")


@pytest.fixture
def opened(session, people):
    """Open a ticket of Kari's in this session."""

    def make(title="Skriveren er tom", who="kari"):
        return tickets.open_ticket(
            session, people(who), title=title, description=f"Om {title}"
        ).ticket

    return make


@pytest.fixture
def pair(opened):
    """Two tickets of Kari's."""
    return opened("Skriveren er tom"), opened("Ingen utskrift")


# --- undo


@pytest.fixture
def other(session, new_ticket):
    """Another ticket of the same requester's."""
    return ticket_of(session, new_ticket("kari", "Det samme en gang til"))


@pytest.fixture
def ticket(session, new_ticket, other):
    """A ticket of Kari's. The other one comes first: to fetch it rolls the session back."""
    return ticket_of(session, new_ticket("kari"))


@pytest.fixture
def say(session, people, ticket):
    """Reply on the ticket; answers the Event."""

    def reply(body="Kom **fredag**", who="ola", **more):
        return tickets.reply(session, people(who), ticket, body=body, **more)

    return reply


@pytest.fixture
def undo(session, people, ticket):
    """Take back a reply on the ticket, by its Event; answers the draft."""

    def take(event, who="ola", **more):
        return take_back(session, people(who), ticket, event.id, **more)

    return take
