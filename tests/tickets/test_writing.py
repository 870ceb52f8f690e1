"""Drafts and presence: what is kept while somebody writes, and who is told."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from console import clock
from console.models import Draft, Presence
from console.tickets import drafts, presence
from console.tickets.presence import Seen
from tests.conftest import ticket_of


@pytest.fixture
def ticket(session, new_ticket):
    return ticket_of(session, new_ticket("kari"))


def save(session, actor, place="reply:1", key="k", **fields):
    return drafts.save(session, actor, place, fields=fields, key=key)


def test_a_draft_is_the_latest_of_what_was_typed(session, people):
    save(session, people("ola"), body="Hei")
    save(session, people("ola"), body="Hei Kari", attached=[3, 4])
    found = drafts.find(session, people("ola"), ["reply:1", "note:1"])
    assert found == {"reply:1": {"body": "Hei Kari", "attached": [3, 4]}}
    assert len(session.scalars(select(Draft)).all()) == 1


def test_a_draft_is_its_writers_only(session, people):
    save(session, people("ola"), body="Hei")
    assert drafts.find(session, people("nina"), ["reply:1"]) == {}


def test_a_draft_that_was_emptied_is_none(session, people):
    save(session, people("ola"), body="Hei")
    save(session, people("ola"), body="")
    assert drafts.find(session, people("ola"), ["reply:1"]) == {}


def test_what_was_typed_comes_not_back_after_it_was_sent(session, people):
    save(session, people("ola"), body="Hei", key="form-1")
    drafts.sent(session, people("ola"), "reply:1", key="form-1")
    # The page's last save, on its way while the form was sent.
    assert not save(session, people("ola"), body="Hei", key="form-1")
    assert drafts.find(session, people("ola"), ["reply:1"]) == {}
    assert save(session, people("ola"), body="Og en ting til", key="form-2")


def test_fields_that_no_form_has_are_not_kept(session, people):
    save(session, people("ola"), body="Hei", csrf_token="x", role="admin")
    assert drafts.find(session, people("ola"), ["reply:1"]) == {"reply:1": {"body": "Hei"}}


def test_drafts_go_after_a_month(session, people):
    with clock.at(clock.now() - timedelta(days=31)):
        save(session, people("ola"), body="Gammelt")
    save(session, people("ola"), place="note:1", body="Nytt")
    assert drafts.sweep(session) == 1
    assert set(drafts.find(session, people("ola"), ["reply:1", "note:1"])) == {"note:1"}


def test_presence_comes_and_goes(session, people, ticket):
    presence.touch(session, people("nina"), ticket, writing=False)
    presence.touch(session, people("anne"), ticket, writing=True)
    presence.touch(session, people("ola"), ticket, writing=True)
    assert presence.others(session, people("ola"), ticket) == [
        Seen("Anne Sjef", is_writing=True),
        Seen("Nina Vakt"),
    ]
    presence.leave(session, people("anne"), ticket)
    assert presence.others(session, people("ola"), ticket) == [Seen("Nina Vakt")]
    with clock.at(clock.now() + presence.GONE + timedelta(seconds=1)):
        assert presence.others(session, people("ola"), ticket) == []


def test_presence_is_one_row_a_person_and_is_swept(session, people, ticket):
    for writing in (True, False, True):
        presence.touch(session, people("nina"), ticket, writing=writing)
    assert len(session.scalars(select(Presence)).all()) == 1
    with clock.at(clock.now() + timedelta(days=2)):
        assert presence.sweep(session) == 1


def test_a_draft_is_told_of_and_never_shown(session, people, ticket):
    save(session, people("nina"), place=f"note:{ticket.id}", body="Kunden er vrang")
    assert presence.others(session, people("ola"), ticket) == [Seen("Nina Vakt", has_draft=True)]
    assert presence.others(session, people("nina"), ticket) == []
    presence.touch(session, people("nina"), ticket, writing=True)
    assert presence.others(session, people("ola"), ticket) == [Seen("Nina Vakt", is_writing=True)]
