"""A call as a ticket: its title, whose it is, and what of the caller's it is like."""

import pytest

from console.models import Channel, Ticket, User
from console.tickets import capture, open_ticket, set_status, take
from console.tickets.errors import NotAllowed
from tests.conftest import history_of

KARI = User(username="Kari Moe")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Skriveren er tom\nDen blinker gult", "Skriveren er tom"),
        ("\n \u200b\n  Skriveren   er tom \n", "Skriveren er tom"),
        ("ab", "Telefon fra Kari Moe"),
        ("?\nNoe mer", "Telefon fra Kari Moe"),
        ("Passord: Sommer2026! virker ikke", "Passord: •••••••• virker ikke"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 199 + "…"),
        ("ord " * 60, "ord " * 48 + "ord…"),
    ],
)
def test_the_first_line_is_the_title(context, text, title):
    assert capture.title_for(text, KARI, Channel.PHONE) == title
    assert Ticket.TITLE_MIN <= len(title) <= Ticket.TITLE_MAX


def test_without_a_line_the_channel_and_the_name_are_the_title(context):
    titles = [capture.title_for("?", KARI, c) for c in (Channel.CHAT, Channel.MAIL, Channel.PHONE)]
    assert titles == ["Chat med Kari Moe", "E-post fra Kari Moe", "Telefon fra Kari Moe"]


def write_down(session, actor, requester, text="Skriveren er tom", **more):
    more.setdefault("asked_by", requester.username)
    return capture.capture(
        session, actor, requester=lambda: requester, description=text, **more
    ).ticket


def test_what_is_written_down_is_the_pools_or_mine(session, people):
    pool = write_down(session, people("ola"), people("kari"))
    mine = write_down(
        session, people("ola"), people("kari"), "Døra", channel=Channel.CHAT, mine=True
    )
    assert (pool.requester, pool.assignee, pool.channel) == (people("kari"), None, Channel.PHONE)
    assert (mine.assignee, mine.channel) == (people("ola"), Channel.CHAT)
    assert history_of(session, mine.id) == ["ticket.opened", "ticket.taken"]


def test_written_down_twice_is_once_and_nobody_is_looked_up_again(session, people):
    first = write_down(session, people("ola"), people("kari"), key="k")

    def nobody():
        raise AssertionError("looked up again")

    again = capture.capture(
        session,
        people("ola"),
        requester=nobody,
        asked_by="Kari Moe",
        description="Skriveren er tom",
        key="k",
    )
    assert again.ticket is first
    other = write_down(session, people("ola"), people("per"), key="k")
    assert other is not first


def test_requesters_write_nothing_down(session, people):
    with pytest.raises(NotAllowed):
        write_down(session, people("kari"), people("per"))
    with pytest.raises(NotAllowed):
        capture.similar(session, people("kari"), people("kari").id)


def titles(session, people, text=""):
    return [
        (ticket.title, ticket.alike)
        for ticket in capture.similar(session, people("ola"), people("kari").id, text)
    ]


@pytest.fixture
def open_ones(session, people):
    """Six of Kari's that are open, and one that is closed."""
    for title in ("Nettverket er nede", "Skriveren er tom", "VPN faller ut", "Ny skjerm",
                  "Delt kalender", "HP bråker", "Skriveren er gammel"):  # fmt: skip
        ticket = open_ticket(
            session, people("kari"), title=title, description="Siden i går.", key=title
        ).ticket
    from console.models import Status

    set_status(session, people("ola"), ticket, to=Status.CLOSED)


def test_the_newest_open_ones_are_shown(session, people, open_ones):
    assert [title for title, _ in titles(session, people)] == [
        "HP bråker", "Delt kalender", "Ny skjerm", "VPN faller ut", "Skriveren er tom",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("skriver i 3. etasje", "Skriveren er tom"),
        ("SKRIVEREN igjen", "Skriveren er tom"),
        ("hp-en i gangen", "HP bråker"),
        ("nettverk", "Nettverket er nede"),
        ("får ikke vpn", "VPN faller ut"),
    ],
)
def test_those_with_words_in_common_come_first(session, people, open_ones, text, title):
    assert titles(session, people, text)[0] == (title, True)
    assert [alike for _, alike in titles(session, people, text)].count(True) == 1


@pytest.mark.parametrize("text", ["", "den er i på og", "kaffe", "%", "\x00", "x" * 100_000])
def test_words_that_say_nothing_are_not_in_common(session, people, open_ones, text):
    assert not any(alike for _, alike in titles(session, people, text))


def test_each_says_who_has_it(session, people, open_ones):
    newest = capture.similar(session, people("ola"), people("kari").id)[0]
    take(session, people("nina"), session.get_one(Ticket, newest.id))
    assert capture.similar(session, people("ola"), people("kari").id)[0].handler == "Nina Vakt"
    assert capture.similar(session, people("ola"), people("per").id) == []
