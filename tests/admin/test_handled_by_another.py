"""What is done to a ticket that somebody else has: its handler's account is held meanwhile."""

import pytest

from console import tickets
from console.extensions import db
from console.models import Status
from tests.admin.test_taking_back import press
from tests.conftest import NAMES, ticket_of

OLA = NAMES["ola"][0]


@pytest.fixture
def nina(browser_of):
    """A worker who is not the handler, before her browser."""
    return browser_of("nina")


@pytest.fixture
def how(app):
    """The status and the handler of a ticket as they are now."""

    def look(number):
        with app.app_context():
            ticket = ticket_of(db.session, number)
            return ticket.status, ticket.assignee and ticket.assignee.username

    return look


@pytest.fixture
def closed(act, number):
    """Ola has taken it and closed it."""
    act("ola", tickets.take, number)
    act("ola", tickets.set_status, number, to=Status.CLOSED)
    return number


def test_its_requester_answers_when_it_is_closed(kari, closed, how):
    assert kari.send(f"/tickets/{closed}/reply", {"body": "Ikke helt"}).status_code == 303
    assert how(closed) == (Status.OPEN, OLA)


def test_a_colleague_opens_it_again(nina, closed, how):
    sent = nina.send(f"/admin/tickets/{closed}/status", {"status": "åpen"})
    assert sent.status_code == 303
    assert how(closed) == (Status.OPEN, OLA)


def test_a_colleague_undoes_a_merge(nina, act, pair, how):
    survivor, old = pair
    act("ola", tickets.take, old)
    nina.send(f"/admin/tickets/{old}/merge", {"into": survivor})
    assert nina.send(f"/admin/tickets/{old}/unmerge").status_code == 303
    assert how(old)[1] == OLA


def test_a_colleague_takes_back_what_closed_it(nina, act, number, how):
    act("ola", tickets.take, number)
    nina.send(f"/admin/tickets/{number}/reply", {"body": "Ferdig", "status": "lukket"})
    assert how(number)[0] == Status.CLOSED
    assert press(nina, nina.get(f"/admin/tickets/{number}")).status_code == 303
    assert how(number) == (Status.OPEN, OLA)


def test_what_a_worker_has_asked_for_is_given_to_himself(nina, cast, new_ticket, how):
    own = new_ticket("ola")
    sent = nina.send(f"/admin/tickets/{own}/assign", {"assignee": cast.ola})
    assert sent.status_code == 303
    assert how(own)[1] == OLA
