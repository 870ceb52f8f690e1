"""The list of categories: an admin's, and nothing in it is ever deleted."""

import pytest
from sqlalchemy import select

from console.models import AccountEvent, Category
from console.tickets import categories, queries
from console.tickets.errors import NotAllowed, TicketError


@pytest.fixture
def define(session, people):
    """Define a category as the admin."""
    return lambda name="Telefoni", **more: categories.define(
        session, people("anne"), name=name, **more
    )


def change(session, people, category, **facts):
    kept = {"name": category.name, "position": category.position, "active": category.active}
    return categories.change(session, people("anne"), category, **{**kept, **facts})


def in_use(session):
    session.flush()
    return [category.name for category in queries.choices(session).categories]


def test_a_new_one_stands_last(session, define):
    assert define().position == 7
    assert in_use(session)[-1] == "Telefoni"


def test_it_is_renamed_moved_and_put_out_of_use(session, people, define):
    category = define()
    event = change(session, people, category, name=" Telefon  og sentralbord", position=0)
    assert event.changes == {"category": ["Telefoni", "Telefon og sentralbord"], "position": [7, 0]}
    assert in_use(session)[0] == "Telefon og sentralbord"
    change(session, people, category, active=False)
    assert category.name not in in_use(session)
    change(session, people, category, active=True)
    assert category.name in in_use(session)
    assert change(session, people, category) is None


def test_the_history_stands_with_the_admin(session, people, define):
    define()
    session.flush()
    [event] = session.scalars(
        select(AccountEvent).where(AccountEvent.kind == "account.list_changed")
    )
    assert event.account is event.actor is people("anne")


@pytest.mark.parametrize("name", ["programmer", " PROGRAMMER ", "Programmer"])
def test_two_of_one_name_are_refused(define, name):
    with pytest.raises(TicketError, match="med det navnet") as refusal:
        define(name)
    assert refusal.value.field == "name"


@pytest.mark.parametrize("name", ["", "x", "y" * 61, "\u200b\u200b\u200b", "\u2800\u2800"])
def test_a_name_that_cannot_be_shown_is_refused(define, name):
    with pytest.raises(TicketError) as refusal:
        define(name)
    assert (refusal.value.field, refusal.value.status) == ("name", 422)


@pytest.mark.parametrize("position", [-1, 1000, 10**30])
def test_an_absurd_place_is_refused(define, position):
    with pytest.raises(TicketError) as refusal:
        define(position=position)
    assert refusal.value.field == "position"


def test_the_list_has_an_end(define, monkeypatch):
    monkeypatch.setattr(categories, "MOST", 6)
    with pytest.raises(TicketError, match="6"):
        define()


@pytest.mark.parametrize("who", ["kari", "ola"])
def test_only_admins_keep_it(session, people, who):
    with pytest.raises(NotAllowed):
        categories.define(session, people(who), name="Telefoni")
    first = session.scalars(select(Category)).first()
    with pytest.raises(NotAllowed):
        categories.change(session, people(who), first, name="X", position=1, active=False)
