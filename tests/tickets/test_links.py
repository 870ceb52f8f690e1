"""Links between tickets that are not one, and what else stands around a ticket."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from console import clock, tickets
from console.models import Link, LinkKind
from console.tickets.around import around
from console.tickets.errors import TicketError
from tests.conftest import history_of


def test_a_link_is_between_any_two_and_told_to_workers_only(session, ola, kari, opened):
    mine, theirs = opened(), opened("Skriveren til Per", who="per")
    event = tickets.link(session, ola, mine, to=theirs)
    assert event.internal
    assert tickets.link(session, ola, theirs, to=mine) is None
    for here, there in ((mine, theirs), (theirs, mine)):
        (row,) = around(session, ola, here).links
        assert (row.number, row.kind) == (there.id, "related")
        assert around(session, here.requester, here).links == []
        assert history_of(session, here.id) == ["ticket.opened", "ticket.linked"]
    tickets.unlink(session, ola, theirs, to=mine)
    assert tickets.unlink(session, ola, mine, to=theirs) is None
    assert around(session, ola, mine).links == []


def test_a_follow_up_is_told_to_both_and_stays(session, ola, kari, pair):
    session.add(Link(earlier_id=pair[0].id, later_id=pair[1].id, kind=LinkKind.FOLLOW_UP))
    session.flush()
    assert tickets.link(session, ola, pair[0], to=pair[1]) is None
    assert tickets.unlink(session, ola, pair[0], to=pair[1]) is None
    assert [row.number for row in around(session, kari, pair[0]).links] == [pair[1].id]


def test_the_links_of_what_was_merged_are_those_of_the_survivor(session, ola, pair, opened):
    survivor, old = pair
    theirs = opened("Skriveren til Per", who="per")
    tickets.link(session, ola, old, to=theirs)
    tickets.merge(session, ola, old, into=survivor)
    assert [row.number for row in around(session, ola, survivor).links] == [theirs.id]
    assert tickets.link(session, ola, survivor, to=theirs) is None
    tickets.unlink(session, ola, survivor, to=theirs)
    assert session.scalars(select(Link)).all() == []


def test_a_ticket_is_not_linked_with_itself(session, ola, pair):
    with pytest.raises(TicketError) as refusal:
        tickets.link(session, ola, pair[0], to=pair[0])
    assert (refusal.value.field, refusal.value.status) == ("to", 422)


def test_around_a_ticket_stand_its_requesters_newest_others(session, ola, people, opened):
    mine = [opened(f"Sak {n}") for n in range(8)]
    opened("Ikke hennes", who="per")
    tickets.tag(session, ola, mine[0], add=["vpn", "skriver"])
    tickets.merge(session, ola, mine[7], into=mine[0])
    found = around(session, ola, mine[0])
    assert [row.number for row in found.earlier] == [each.id for each in mine[6:1:-1]]
    assert found.tags == ["skriver", "vpn"]
    assert [(row.number, row.into) for row in found.absorbed] == [(mine[7].id, mine[0].id)]
    assert abs(found.absorbed[0].at - clock.now()) < timedelta(minutes=1)
    theirs = around(session, people("kari"), mine[0])
    assert (theirs.tags, theirs.earlier) == ([], [])
