"""The worker's list and the search, the same on both databases."""

from datetime import UTC, datetime, timedelta

import pytest

from console import clock, tickets
from console.models import Status, Ticket, User
from console.tickets import listing
from console.tickets.listing import Listing
from console.transaction import change

START = datetime(2026, 11, 2, 8, tzinfo=UTC)

# title, requester, handler, status
OFFICE = [
    ("Skriveren på kontoret er tom", "kari", None, Status.OPEN),
    ("VPN-en faller ut", "per", "ola", Status.IN_PROGRESS),
    ("HP 4002 krøller papiret", "kari", "nina", Status.CLOSED),
    ("Åpning av dør til serverrommet", "per", "ola", Status.OPEN),
    ("ny bruker: Øystein", "kari", None, Status.OPEN),
    ("Nettverksskriver borte", "per", "nina", Status.IN_PROGRESS),
]


@pytest.fixture
def office(app, cast):
    """Six tickets, an hour apart, in every state; answers their numbers in order."""
    numbers = []
    with app.app_context(), change() as session:
        for hour, (title, requester, handler, status) in enumerate(OFFICE):
            with clock.at(START + timedelta(hours=hour)):
                ticket = tickets.open_ticket(
                    session,
                    session.get(User, getattr(cast, requester)),
                    title=title,
                    description=f"Sak nummer {hour} om utstyr.",
                ).ticket
            with clock.at(START + timedelta(hours=20 - hour)):
                if handler:
                    worker = session.get(User, getattr(cast, handler))
                    tickets.take(session, worker, ticket)
                    tickets.set_status(session, worker, ticket, to=status)
            numbers.append(ticket.id)
    return numbers


@pytest.fixture
def shown(session, people, office):
    """The positions in OFFICE of what a list shows."""

    def show(**asked):
        actor = people(asked.pop("actor", "ola"))
        return [office.index(row.id) for row in listing.page(session, Listing(actor, **asked)).rows]

    return show


@pytest.mark.parametrize(
    ("tab", "expected"),
    [
        ("unassigned", [4, 0]),
        ("mine", [3, 1]),
        ("waiting_for_us", [5, 4, 3, 1, 0]),
        ("waiting_for_requester", []),
        ("closed_today", []),
        ("all", [5, 4, 3, 2, 1, 0]),
    ],
)
def test_a_tab_shows_its_tickets_newest_first(shown, tab, expected):
    assert shown(tab=tab) == expected


@pytest.mark.parametrize(
    ("sort", "ascending"),
    [
        ("id", [0, 1, 2, 3, 4, 5]),
        ("created_at", [0, 1, 2, 3, 4, 5]),
        ("title", [2, 5, 4, 0, 1, 3]),
        ("requester", [0, 2, 4, 1, 3, 5]),
        ("assignee", [2, 5, 1, 3, 0, 4]),
    ],
)
def test_each_column_sorts(shown, app, sort, ascending):
    if app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite") and sort == "title":
        ascending = [2, 5, 0, 1, 4, 3]  # SQLite puts all capitals before the small letters
    assert shown(sort=sort, descending=False) == ascending


def test_status_sorts_by_the_way_of_a_ticket(shown):
    up = shown(sort="status", descending=False)
    assert [OFFICE[i][3] for i in up] == ["åpen"] * 3 + ["under arbeid"] * 2 + ["lukket"]
    assert shown(sort="status", descending=True) == up[::-1]


def test_descending_names_keep_nobody_last(shown):
    assert shown(sort="assignee", descending=True) == [1, 3, 2, 5, 0, 4]


def test_last_touched_sorts(shown):
    assert shown(sort="updated_at", descending=True)[:4] == [1, 2, 3, 5]


@pytest.mark.parametrize("count", [None, 6], ids=["many", "few"])
@pytest.mark.parametrize("sort", listing.SORTS)
@pytest.mark.parametrize("descending", [True, False])
def test_pages_of_any_sort_show_every_ticket_once(shown, sort, descending, count):
    for tab, expected in (("all", range(6)), ("waiting_for_us", [0, 1, 3, 4, 5])):
        pages = [
            shown(tab=tab, sort=sort, descending=descending, page=n, size=2, count=count)
            for n in range(4)
        ]
        assert sorted(sum(pages, [])) == list(expected)
        assert pages[3] == []


@pytest.mark.parametrize("sort", listing.SORTS)
@pytest.mark.parametrize("descending", [True, False])
def test_few_and_many_come_in_the_same_order(shown, sort, descending):
    how = {"tab": "waiting_for_us", "sort": sort, "descending": descending}
    assert shown(**how, count=5) == shown(**how, count=None)


def test_a_page_far_beyond_the_end_is_empty(shown):
    assert shown(page=10**9) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("skriver", [5, 0]),
        ("SKRIVEREN", [0]),
        ("papiret krøller", [2]),
        ("hp", [2]),
        ("HP 4002", [2]),
        ("vpn", [1]),
        ("åpning", [3]),
        ("øystein", [4]),
        ("utstyr", [5, 4, 3, 2, 1, 0]),
        ("utstyr skriver", [5, 0]),
        ("finnesikke", []),
        ("kari", [4, 2, 0]),
        ("per@annen", [5, 3, 1]),
        ("apning", []),
        ("skriver finnesikke", []),
        ("!!! ---", []),
        ("%", []),
        ("_", []),
        ('"skriver"', [5, 0]),
        ("skriver* -kontoret", [0]),
        ("+(", []),
        ("' OR 1=1 --", []),
        ("the", []),
    ],
)
def test_search_finds_words_names_and_nothing_else(shown, query, expected):
    assert shown(search=query) == expected


def test_search_finds_a_number(shown, office):
    assert 2 in shown(search=str(office[2]))
    assert 3 in shown(search=f"#{office[3]}")
    assert shown(search="99999999999999999999999999") == []


def test_search_goes_with_a_tab_and_a_sort(shown):
    assert shown(search="utstyr", tab="unassigned") == [4, 0]
    assert shown(search="utstyr", sort="requester", descending=False) == [0, 2, 4, 1, 3, 5]
    assert shown(search="utstyr", sort="assignee", descending=False, tab="mine") == [1, 3]


def test_a_very_long_search_is_cut_and_answered(shown):
    assert shown(search="finnesikke " * 5000) == []
    assert shown(search="å" * 10_000) == []


def test_a_requester_sees_only_his_own_through_the_list(shown):
    assert shown(actor="kari") == [4, 2, 0]


def test_conditions_narrow_the_list(shown, cast):
    assert shown(conditions=[Ticket.assignee_id == cast.nina]) == [5, 2]
    assert shown(conditions=[Ticket.created_at >= START + timedelta(hours=4)]) == [5, 4]
