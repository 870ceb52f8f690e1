"""Showing why a ticket was found."""

import pytest
from markupsafe import Markup

from console import tickets
from console.extensions import db
from console.models import Ticket, User
from console.tickets import hits
from console.tickets.errors import NotAllowed
from console.transaction import change
from tests.bench import statements


@pytest.mark.parametrize(
    ("text", "question", "marked"),
    [
        ("Skriveren er tom", "skriver", "<mark>Skriver</mark>en er tom"),
        ("Nettverksskriver borte", "SKRIVER", "Nettverks<mark>skriver</mark> borte"),
        ("HP 4002", "hp 40", "<mark>HP</mark> <mark>40</mark>02"),
        ("I 3. etg, 33 trapper", "3. etg", "I <mark>3</mark>. <mark>etg</mark>, 33 trapper"),
        ("W-4711 og 14711", "4711", "W-<mark>4711</mark> og 14711"),
        ("Å se opp", "å", "<mark>Å</mark> se opp"),
        ("apning", "åpning", "apning"),
        ("skrivebord", "skriv skrive", "<mark>skrive</mark>bord"),
        ("møterommet", "rommet møter", "<mark>møterommet</mark>"),
        ("<i>skriver</i> & co", "skriver", "&lt;i&gt;<mark>skriver</mark>&lt;/i&gt; &amp; co"),
        ("a<b", "b a", "<mark>a</mark>&lt;<mark>b</mark>"),
        ("STRAẞE", "strasse", "<mark>STRAẞE</mark>"),
        ("Skriver", "", "Skriver"),
        ("Skriver", "%_+*", "Skriver"),
        ("", "skriver", ""),
    ],
)  # fmt: skip
def test_hits_are_marked_and_everything_is_escaped(text, question, marked):
    assert hits.mark_hits(text, question) == Markup(marked)


@pytest.fixture
def talk(app, cast, new_ticket):
    """A ticket with a description, a reply and a note; answers its number."""
    number = new_ticket(title="Skriveren er tom", description=f"{'Bla bla. ' * 40}Blått blekk.")
    with app.test_request_context(), change() as session:
        ticket, ola = session.get_one(Ticket, number), session.get_one(User, cast.ola)
        tickets.reply(
            session, ola, ticket, body="Prøv   **kassetten**\n\nen gang <script>til</script>"
        )
        tickets.note(session, ola, ticket, body="Kunden skylder oss for vedlikehold av nettverket")
    return number


@pytest.mark.parametrize(
    ("question", "piece"),
    [
        ("skriver", None),
        ("skriver blekk", "Blått <mark>blekk</mark>."),
        ("kassetten", "Prøv **<mark>kassetten</mark>** en gang &lt;script&gt;"),
        ("verket", "nett<mark>verket</mark>"),
        ("vedlikehold kunden", "<mark>Kunden</mark> skylder oss for <mark>vedlikehold</mark>"),
        ("kari", None),
    ],
)
def test_a_piece_is_shown_of_what_the_title_does_not_show(session, people, talk, question, piece):
    with statements(db.engine) as seen:
        found = hits.snippets(session, people("ola"), [talk], question)
    assert len([line for line in seen if "messages" in line]) == 1
    if piece is None:
        assert found == {}
    else:
        assert piece in found[talk]
        assert len(found[talk].striptags()) < 110


def test_a_piece_of_a_long_word_is_no_longer_than_others(session, people, new_ticket):
    number = new_ticket(description=f"{'x' * 3000} skriverkassett{'y' * 3000}")
    found = hits.snippets(session, people("ola"), [number], "skriverkassetty")
    assert len(found.get(number, "")) < 200


def test_only_workers_are_shown_pieces(session, people, talk):
    with pytest.raises(NotAllowed):
        hits.snippets(session, people("kari"), [talk], "vedlikehold")
    assert hits.snippets(session, people("ola"), [], "vedlikehold") == {}
    assert hits.snippets(session, people("ola"), [talk], "!") == {}
