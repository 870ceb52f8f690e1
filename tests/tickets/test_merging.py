"""Tickets that become one and come apart again: what is shown, refused and given back."""

from datetime import timedelta
from uuid import uuid4

import pytest

from console import clock, tickets
from console.accounts import rules as accounts
from console.models import Organisation, Side, Status, Ticket, WaitingFor
from console.tickets import family, merging, queries
from console.tickets.around import around
from console.tickets.errors import NotAllowed, NotThere, Stale, TicketError
from console.tickets.merging import NotTogether
from tests.conftest import history_of

COLUMNS = [column.key for column in Ticket.__mapper__.column_attrs]
# What moves with every change, or counts them.
MOVING = ("version", "updated_at", "public_at")


def row(ticket):
    return {name: getattr(ticket, name) for name in COLUMNS if name not in MOVING}


def read(session, actor, ticket):
    """What the page of the ticket says, in its order: bodies, and kinds of what happened."""
    events = queries.timeline(session, actor, ticket).events
    return [each.message.body if each.message else each.kind for each in events]


# --- what a merge is


def test_two_tickets_become_one_that_shows_both(session, ola, kari, pair):
    second, first = pair[1], pair[0]
    tickets.reply(session, kari, first, body="Nå blinker den rødt.")
    tickets.reply(session, kari, second, body="Og papiret sitter fast.")
    event = tickets.merge(session, ola, second, into=first)
    assert (event.ticket, event.kind) == (first, "ticket.absorbed")
    assert (second.merged_into_id, second.status) == (first.id, Status.CLOSED)
    assert None not in (second.merged_at, second.closed_at)
    assert (first.absorbed, first.status) == (1, Status.OPEN)
    assert family.family(session, first) == [first.id, second.id]
    assert read(session, kari, first) == read(session, ola, first) == [
        "ticket.opened", "ticket.opened", "Nå blinker den rødt.", "Og papiret sitter fast.",
        "ticket.absorbed",
    ]  # fmt: skip
    assert history_of(session, second.id)[-1] == "ticket.merged"
    assert history_of(session, first.id)[-1] == "ticket.absorbed"


def test_the_old_number_leads_to_the_survivor_for_whoever_may_see_it(session, ola, people, pair):
    tickets.merge(session, ola, pair[1], into=pair[0])
    for who in ("ola", "kari"):
        assert queries.get_visible(session, people(who), pair[1].id) is pair[0]
        assert queries.get_itself(session, people(who), pair[1].id) is pair[1]
    with pytest.raises(NotThere):
        queries.get_visible(session, people("per"), pair[1].id)


def test_a_second_click_is_silence(session, ola, pair):
    assert tickets.merge(session, ola, pair[1], into=pair[0])
    assert tickets.merge(session, ola, pair[1], into=pair[0]) is None
    assert pair[0].absorbed == 1
    assert tickets.unmerge(session, ola, pair[1])
    assert tickets.unmerge(session, ola, pair[1]) is None
    assert pair[0].absorbed == 0


def test_only_workers_merge_and_link(session, kari, pair):
    for verb, how in (
        (tickets.merge, {"into": pair[0]}), (tickets.unmerge, {}),
        (tickets.link, {"to": pair[0]}), (tickets.unlink, {"to": pair[0]}),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            verb(session, kari, pair[1], **how)


def test_nothing_is_said_or_decided_on_a_merged_ticket_itself(session, ola, pair):
    old, survivor = pair[1], pair[0]
    tickets.merge(session, ola, old, into=survivor)
    for verb, how in (
        (tickets.set_status, {"to": Status.OPEN}), (tickets.retitle, {"title": "Noe annet"}),
        (tickets.note, {"body": "Hei"}), (tickets.reply, {"body": "Hei"}),
        (tickets.tag, {"add": ["vpn"]}), (tickets.take, {}),
    ):  # fmt: skip
        with pytest.raises(TicketError) as refusal:
            verb(session, ola, old, **how)
        assert refusal.value.status == 409


# --- what is refused


def test_a_ticket_is_not_merged_with_itself_nor_with_what_is_part_of_it(session, ola, pair):
    survivor, old = pair
    with pytest.raises(TicketError) as refusal:
        tickets.merge(session, ola, survivor, into=survivor)
    assert (refusal.value.field, refusal.value.status) == ("into", 422)
    tickets.merge(session, ola, old, into=survivor)
    with pytest.raises(TicketError) as refusal:
        tickets.merge(session, ola, survivor, into=old)
    assert (refusal.value.field, refusal.value.status) == ("into", 409)


def test_what_is_part_of_one_ticket_does_not_become_part_of_another(session, ola, opened):
    old, survivor, third = (opened(f"Sak {n}") for n in range(3))
    tickets.merge(session, ola, old, into=survivor)
    with pytest.raises(TicketError, match=f"#{survivor.id}"):
        tickets.merge(session, ola, old, into=third)


@pytest.mark.parametrize("same", [True, False])
def test_two_requesters_are_never_merged_whatever_their_organisation(
    session, ola, people, opened, same
):
    names = ("Kommunen", "Kommunen" if same else "Bakeriet")
    companies = {name: Organisation(name=name, created_at=clock.now()) for name in names}
    session.add_all(companies.values())
    session.flush()
    for who, name in zip(("kari", "per"), names, strict=True):
        people(who).organisation_id = companies[name].id
    mine, theirs = opened("Skriveren"), opened("Skriveren", who="per")
    before = row(mine), row(theirs)
    with pytest.raises(NotTogether) as refusal:
        tickets.merge(session, ola, mine, into=theirs)
    assert (refusal.value.status, refusal.value.field) == (409, "into")
    assert ("innmeldere" in str(refusal.value)) is same
    assert (row(mine), row(theirs)) == before
    assert history_of(session, mine.id) == history_of(session, theirs.id) == ["ticket.opened"]


def test_what_is_open_is_not_hidden_in_what_is_closed(session, ola, pair):
    tickets.set_status(session, ola, pair[0], to=Status.CLOSED)
    with pytest.raises(TicketError, match="lukket"):
        tickets.merge(session, ola, pair[1], into=pair[0])
    tickets.merge(session, ola, pair[0], into=pair[1])
    assert pair[1].status is Status.OPEN


def test_a_family_has_an_end(session, ola, opened, monkeypatch):
    monkeypatch.setattr(merging, "FAMILY_MAX", 3)
    many = [opened(f"Sak {n}") for n in range(4)]
    for each in many[1:3]:
        tickets.merge(session, ola, each, into=many[0])
    with pytest.raises(TicketError, match="3"):
        tickets.merge(session, ola, many[3], into=many[0])


# --- chains


def chain(session, ola, opened, long):
    """Tickets, each merged into the next one."""
    links = [opened(f"Ledd {n} av {uuid4()}") for n in range(long)]
    for here, there in zip(links, links[1:], strict=False):
        tickets.merge(session, ola, here, into=there)
    return links


def test_a_chain_of_seven_ends_in_one_ticket(session, ola, kari, opened):
    links = chain(session, ola, opened, 7)
    for each in links:
        assert queries.get_visible(session, kari, each.id) is links[-1]
    assert sorted(family.family(session, links[-1])) == [each.id for each in links]
    assert read(session, kari, links[-1]).count("ticket.opened") == 7
    assert len(around(session, ola, links[-1]).absorbed) == 6
    later = opened("Enda en")
    tickets.merge(session, ola, later, into=links[0])
    assert later.merged_into_id == links[-1].id
    with pytest.raises(TicketError):
        tickets.merge(session, ola, links[-1], into=links[0])


def test_undo_in_the_middle_of_a_chain_gives_back_that_one_with_its_own(session, ola, kari, opened):
    first, second, third = chain(session, ola, opened, 3)
    tickets.unmerge(session, ola, first)
    assert queries.get_visible(session, kari, first.id) is first
    assert (second.merged_into_id, second.absorbed) == (third.id, 0)
    assert sorted(family.family(session, third)) == [second.id, third.id]
    tickets.merge(session, ola, first, into=second)
    assert first.merged_into_id == third.id
    tickets.unmerge(session, ola, first)
    first, second, third = chain(session, ola, opened, 3)
    tickets.unmerge(session, ola, second)
    assert sorted(family.family(session, second)) == [first.id, second.id]
    assert family.family(session, third) == [third.id]
    assert queries.get_visible(session, kari, first.id) is second


# --- undo


@pytest.mark.parametrize("was", ["open", "in progress", "closed", "waiting"])
def test_undo_gives_back_exactly_what_was_there(session, ola, people, pair, was):
    survivor, old = pair
    tickets.reply(session, ola, survivor, body="Jeg kommer i morgen.")
    if was == "in progress":
        tickets.set_status(session, people("nina"), old, to=Status.IN_PROGRESS)
    if was == "waiting":
        until = clock.now() + timedelta(days=2)
        tickets.wait(
            session, ola, old, until=until, waiting_for=WaitingFor.SUPPLIER, reason="Del på vei"
        )
    if was == "closed":
        tickets.set_status(session, ola, old, to=Status.CLOSED)
    before = row(survivor), row(old)
    pages = read(session, ola, survivor), read(session, ola, old)
    tickets.merge(session, ola, old, into=survivor)
    assert survivor.last_public_by is (Side.US if was == "closed" else Side.REQUESTER)
    tickets.unmerge(session, ola, old)
    assert (row(survivor), row(old)) == before
    after = read(session, ola, survivor), read(session, ola, old)
    assert [page[: len(was)] for page, was in zip(after, pages, strict=True)] == list(pages)
    assert after[0][-1] != "ticket.opened"


def test_what_was_written_after_the_merge_stays_and_is_listed(session, ola, kari, pair):
    survivor, old = pair
    tickets.reply(session, kari, old, body="Den blinker.")
    tickets.merge(session, ola, old, into=survivor)
    said = tickets.reply(session, kari, queries.get_visible(session, kari, old.id), body="Hallo?")
    tickets.note(session, ola, survivor, body="Ring henne")
    event = tickets.unmerge(session, ola, old)
    assert event.changes["stayed"] == [None, [said.id]]
    assert "Hallo?" in read(session, kari, survivor)
    assert "Den blinker." not in read(session, kari, survivor)
    assert read(session, kari, old) == [
        "ticket.opened", "Den blinker.", "ticket.merged", "ticket.unmerged",
    ]  # fmt: skip


def test_undo_within_thirty_days_and_no_later(session, ola, pair):
    tickets.merge(session, ola, pair[1], into=pair[0])
    for days, refused in ((31, True), (29, False)):
        with clock.at(clock.now() + timedelta(days=days)):
            if refused:
                with pytest.raises(TicketError, match="30"):
                    tickets.unmerge(session, ola, pair[1])
            else:
                assert tickets.unmerge(session, ola, pair[1])


def test_what_somebody_had_who_has_left_goes_back_to_the_pool(session, ola, people, pair):
    nina = people("nina")
    tickets.set_status(session, nina, pair[1], to=Status.IN_PROGRESS)
    tickets.merge(session, ola, pair[1], into=pair[0])
    accounts.deactivate(session, people("anne"), nina)
    tickets.unmerge(session, ola, pair[1])
    assert (pair[1].status, pair[1].assignee) == (Status.OPEN, None)


# --- nothing is hidden by a merge


def test_the_first_due_date_holds_for_both_and_is_given_back(session, ola, pair):
    survivor, old = pair
    soon, late = (clock.now() + timedelta(days=days) for days in (1, 5))
    tickets.set_due(session, ola, survivor, to=late)
    tickets.set_due(session, ola, old, to=soon)
    tickets.merge(session, ola, old, into=survivor)
    assert survivor.due_at == soon
    tickets.unmerge(session, ola, old)
    assert (survivor.due_at, old.due_at) == (late, soon)
    tickets.merge(session, ola, old, into=survivor)
    later = clock.now() + timedelta(days=9)
    tickets.set_due(session, ola, survivor, to=later)
    tickets.unmerge(session, ola, old)
    assert survivor.due_at == later  # somebody has decided since


def test_an_unanswered_ticket_wakes_the_one_it_becomes_part_of(session, ola, pair):
    survivor, old = pair
    until = clock.now() + timedelta(days=3)
    tickets.reply(session, ola, survivor, body="Delen er bestilt.")
    tickets.wait(session, ola, survivor, until=until, waiting_for=WaitingFor.SUPPLIER)
    tickets.merge(session, ola, old, into=survivor)
    assert (survivor.waiting_until, survivor.due_at) == (None, None)
    assert survivor.last_public_by is Side.REQUESTER
    tickets.unmerge(session, ola, old)
    assert survivor.waiting_until == survivor.due_at == until
    assert (survivor.waiting_for, survivor.last_public_by) == (WaitingFor.SUPPLIER, Side.US)


def test_nothing_of_what_workers_decide_is_in_what_a_merge_tells(session, ola, kari, pair):
    survivor, old = pair
    soon = clock.now() + timedelta(days=1)
    tickets.wait(session, ola, old, until=soon, waiting_for=WaitingFor.SUPPLIER, reason="Lager")
    tickets.merge(session, ola, old, into=survivor)
    tickets.unmerge(session, ola, old)
    told = queries.timeline(session, kari, survivor).events
    told = [*told, *queries.timeline(session, kari, old).events]
    names = {name for event in told for name in event.changes}
    assert names == {"into", "absorbed", "turn", "status"}


# --- what one has not seen


def test_who_has_the_survivor_open_cannot_close_it_past_a_merge(session, ola, people, pair):
    survivor, old = pair
    version = survivor.version
    tickets.merge(session, people("nina"), old, into=survivor)
    with pytest.raises(Stale) as stale:
        tickets.set_status(session, ola, survivor, to=Status.CLOSED, version=version)
    assert [event.kind for event in stale.value.news] == ["ticket.absorbed"]


def test_an_answer_begun_on_the_old_number_meets_the_news_once(session, ola, people, pair):
    survivor, old = pair
    seen = queries.timeline(session, ola, old).last
    tickets.reply(session, people("nina"), survivor, body="Jeg ser på det.")
    tickets.merge(session, people("nina"), old, into=survivor)
    with pytest.raises(Stale) as stale:
        tickets.reply(session, ola, survivor, body="Hei", seen=seen)
    news = [event.kind for event in stale.value.news]
    assert news == ["ticket.taken", "ticket.replied", "ticket.absorbed"]
    assert tickets.reply(session, ola, survivor, body="Hei", seen=stale.value.news[-1].id)


@pytest.mark.parametrize("who", ["ola", "kari"])
def test_a_merge_is_no_news_to_its_worker_and_stops_no_requester(session, ola, people, pair, who):
    survivor, old = pair
    seen = queries.timeline(session, people(who), old).last
    tickets.merge(session, ola, old, into=survivor)
    assert tickets.reply(session, people(who), survivor, body="Hallo?", seen=seen)


def test_an_answer_sent_again_after_the_merge_is_one(session, ola, kari, pair):
    survivor, old = pair
    sent = tickets.reply(session, kari, old, body="Hallo?", key="k")
    tickets.merge(session, ola, old, into=survivor)
    assert tickets.reply(session, kari, survivor, body="Hallo?", key="k") is sent


def test_merging_stops_at_what_one_has_not_read(session, ola, kari, pair):
    version = pair[1].version
    tickets.reply(session, kari, pair[1], body="Vent, det er en annen skriver.")
    with pytest.raises(Stale):
        tickets.merge(session, ola, pair[1], into=pair[0], version=version)


def test_a_long_family_is_read_in_stretches_without_gaps(session, ola, kari, pair):
    survivor, old = pair
    for n in range(20):
        tickets.reply(session, kari, pair[n % 2], body=f"Nr. {n}")
    tickets.merge(session, ola, old, into=survivor)
    for actor in (ola, kari):
        found, before = [], None
        while True:
            timeline = queries.timeline(session, actor, survivor, before=before)
            found = [*timeline.events, *found]
            if not timeline.earlier:
                break
            before = timeline.events[0].id
        assert [e.message.body for e in found if e.message] == [f"Nr. {n}" for n in range(20)]
        middle = found[7].id
        assert queries.timeline(session, actor, survivor, until=middle).last == middle
