"""Taking back a reply: by whom, until when, and its words are the draft again and nowhere else."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from console import clock, tickets
from console.attachments import files
from console.attachments.files import Kept
from console.models import Attachment, Caution, Draft, Message, Secret, User
from console.tickets import drafts, hits, listing, queries, ready, secrecy
from console.tickets.errors import NotAllowed, NotThere, TicketError
from console.tickets.listing import Listing
from console.tickets.undo import UNDO, may_take_back, seconds_left, take_back
from tests.conftest import history_of, ticket_of
from tests.tickets.test_secrecy import everything


def a_file(session, actor, name="veiledning.txt"):
    key = f"x/{name}/{clock.now().timestamp()}"
    kept = Kept(name, "text/plain", Caution.NONE, 1, "0" * 64, key)
    return files.add(session, actor, kept).id


def test_the_words_are_in_the_draft_again_and_nowhere_else(session, people, ticket, say, undo):
    event = say("Lillevik kommer **fredag**, ikke før.")
    draft = undo(event)
    assert draft == {"body": "Lillevik kommer **fredag**, ikke før."}
    assert drafts.find(session, people("ola"), [f"reply:{ticket.id}"]) == {
        f"reply:{ticket.id}": draft
    }
    message = session.scalars(sa.select(Message)).one()
    assert (message.body, message.submission_key) == ("", None)
    assert message.withdrawn_at is not None
    session.execute(sa.delete(Draft))
    assert "Lillevik" not in everything(session)


def test_it_is_told_to_both_sides(session, people, ticket, say, undo):
    undo(say())
    assert history_of(session, ticket.id) == [
        "ticket.opened", "ticket.taken", "ticket.replied", "ticket.taken_back",
    ]  # fmt: skip
    last = queries.timeline(session, people("kari"), ticket).events[-1]
    assert (last.kind, last.internal, last.actor) == ("ticket.taken_back", False, people("ola"))
    assert last.changes == {}


def test_a_second_click_is_silence_and_leaves_the_draft_alone(session, people, ticket, say, undo):
    event = say("Første")
    undo(event)
    place = f"reply:{ticket.id}"
    drafts.save(session, people("ola"), place, fields={"body": "Endret"}, key="")
    assert undo(event) == {"body": "Endret"}
    assert history_of(session, ticket.id).count("ticket.taken_back") == 1


# --- until when, and by whom


def test_it_goes_for_fifteen_seconds_and_no_longer(people, say, undo, session):
    event = say()
    ola = people("ola")
    assert seconds_left(ola, [event]) == {event.id: 15}
    with clock.at(event.created_at + UNDO):
        assert not may_take_back(ola, event, clock.now())
        assert seconds_left(ola, [event]) == {}
        with pytest.raises(TicketError) as refused:
            undo(event)
    assert refused.value.status == 409
    with clock.at(event.created_at + UNDO - timedelta(milliseconds=1)):
        assert undo(event)


@pytest.mark.parametrize("who", ["nina", "anne", "kari"])
def test_nobody_takes_back_what_another_has_said(session, people, ticket, say, undo, who):
    event = say()
    assert not may_take_back(people(who), event, clock.now())
    with pytest.raises(NotAllowed):
        undo(event, who)
    assert history_of(session, ticket.id)[-1] == "ticket.replied"


def test_a_requesters_reply_is_there_at_once_and_stays(session, people, ticket, say, undo):
    event = say("Den blinker rødt", "kari")
    assert not may_take_back(people("kari"), event, clock.now())
    with pytest.raises(NotAllowed):
        undo(event, "kari")


def test_so_is_that_of_a_worker_who_asks(session, people, new_ticket):
    session.rollback()
    own = ticket_of(session, new_ticket("ola", "Min egen"))
    event = tickets.reply(session, people("ola"), own, body="Haster litt")
    assert seconds_left(people("ola"), [event]) == {}
    with pytest.raises(TicketError):
        take_back(session, people("ola"), own, event.id)


def test_a_note_cannot_be_taken_back(session, people, ticket, undo):
    note = tickets.note(session, people("ola"), ticket, body="Ring først")
    assert seconds_left(people("ola"), [note]) == {}
    with pytest.raises(NotThere):
        undo(note)


@pytest.mark.parametrize("number", [0, -1, 2**31, 10**30])
def test_a_number_of_nothing_is_not_there(session, people, ticket, number):
    with pytest.raises(NotThere):
        take_back(session, people("ola"), ticket, number)


def test_the_reply_of_another_ticket_is_not_there(session, people, other, say):
    event = say()
    with pytest.raises(NotThere):
        take_back(session, people("ola"), other, event.id)


# --- what comes back


def test_secrets_come_back_as_typed_and_are_wiped(session, say, undo):
    body = "Hei!\nNytt passord: Sommer2026! og pinkode: 4711.\n" + "passord: " + "Xy7!" * 110
    draft = undo(say(body))
    assert draft["body"] == body
    assert set(session.scalars(sa.select(Secret.value))) == {None}


def test_a_secret_that_was_wiped_stays_wiped(session, people, ticket, say, undo):
    event = say("passord: Sommer2026! og passord: Vinter2027?")
    first = session.scalars(sa.select(Secret.id).order_by(Secret.position)).first()
    secrecy.wipe(session, people("ola"), ticket, secret_id=first)
    assert undo(event)["body"] == "passord: •••••••• og passord: Vinter2027?"


def test_files_wait_for_their_author_again(session, people, ticket, say, undo):
    file = a_file(session, people("ola"))
    event = say("Se vedlegg", attachments=[file])
    draft = undo(event)
    assert draft == {"body": "Se vedlegg", "attached": [file]}
    assert files.find_pending(session, people("ola"), [file])
    row = session.get_one(Attachment, file)
    assert (row.ticket_id, row.message_id) == (None, None)
    again = say("Se vedlegget", attachments=draft["attached"])
    session.expire_all()
    assert session.get_one(Attachment, file).message_id == again.message.id


def test_a_reply_of_files_alone_comes_back(session, people, say, undo):
    file = a_file(session, people("ola"))
    assert undo(say("", attachments=[file])) == {"attached": [file]}


def test_what_was_begun_meanwhile_stands_below_it(session, people, ticket, say, undo):
    event = say("Det første")
    place, late = f"reply:{ticket.id}", {"body": "En ting til"}
    drafts.save(session, people("ola"), place, fields=late, key="form-2")
    assert undo(event)["body"] == "Det første\n\nEn ting til"


def test_what_stands_in_the_form_counts_more_than_its_draft(session, people, ticket, say, undo):
    event, file = say("Det første"), a_file(session, people("ola"))
    place = f"reply:{ticket.id}"
    drafts.save(session, people("ola"), place, fields={"body": "En ti"}, key="form-2")
    typed = {"body": "En ting til", "attached": [file]}
    draft = undo(event, typed=typed, key="form-2")
    assert draft == {"body": "Det første\n\nEn ting til", "attached": [file]}
    # What the page saved in that moment comes too late to take the words away again.
    late = {"body": "En ting til"}
    assert not drafts.save(session, people("ola"), place, fields=late, key="form-2")
    assert drafts.find(session, people("ola"), [place])[place] == draft


def test_an_empty_form_takes_no_draft_away(session, people, ticket, say, undo):
    event = say("Det første")
    place = f"reply:{ticket.id}"
    drafts.save(session, people("ola"), place, fields={"body": "Fra en annen fane"}, key="")
    typed = {"body": "", "attached": []}
    assert undo(event, typed=typed)["body"] == "Det første\n\nFra en annen fane"


@pytest.mark.parametrize("key", [None, "form-1"])
def test_the_same_words_can_be_sent_again(session, ticket, say, undo, key):
    """With a new form, by the back button, and without a key at all."""
    first = say("Kom fredag", key=key)
    undo(first)
    second = say("Kom fredag", key=key)
    assert second.id != first.id
    assert say("Kom fredag", key=key) == second, "but sent twice it is one"
    standing = sa.select(Message.body).where(Message.withdrawn_at.is_(None))
    assert session.scalars(standing).all() == ["Kom fredag"]


# --- who reads it afterwards


def test_nobody_finds_it_any_more(session, people, ticket, say, undo):
    ola = people("ola")
    file = a_file(session, ola, "kvittering.txt")
    event = say("Lillevik kommer fredag", attachments=[file])
    session.flush()

    def found(word):
        rows = listing.page(session, Listing(ola, search=word, tab=ready.ALL)).rows
        return [row.id for row in rows], hits.snippets(session, ola, [ticket.id], word)

    assert [bool(part) for part in found("lillevik")] == [True, True]
    undo(event)
    for word in ("lillevik", "fredag", "kvittering"):
        assert found(word) == ([], {})
    assert ticket.id in found("blinker")[0]
    assert queries.last_messages(session, [ticket.id]) == {}


def test_it_is_no_news_for_the_requester(session, people, ticket, say, undo):
    seen = queries.timeline(session, people("kari"), ticket).last
    undo(say())
    tickets.reply(session, people("kari"), ticket, body="Hallo?", seen=seen)


def test_a_colleague_who_writes_on_hears_that_it_was_taken_back(session, people, ticket, say, undo):
    event = say()
    undo(event)
    with pytest.raises(TicketError) as stopped:
        tickets.note(session, people("nina"), ticket, body="Som Ola skrev", seen=event.id)
    assert [e.kind for e in stopped.value.news] == ["ticket.taken_back"]


def test_one_who_was_shut_out_meanwhile_takes_nothing_back(session, people, say, undo):
    event = say()
    session.execute(sa.update(User).where(User.id == people("ola").id).values(active=False))
    session.expire_all()
    with pytest.raises(NotAllowed):
        undo(event)
    session.rollback()
