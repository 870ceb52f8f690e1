"""Secrets in what people write: kept beside the text, shown on purpose, wiped for good."""

import pytest
import sqlalchemy as sa

from console import tickets
from console.masking import MASK
from console.models import Message, Secret, Status, Ticket
from console.tickets import listing, queries, secrecy
from console.tickets.errors import NotAllowed, NotThere, TicketError
from console.tickets.listing import Listing
from tests.conftest import history_of, ticket_of

PASSWORD = "Sommer2026!"


def everything(session):
    """Every text in the database but the table of the secrets themselves."""
    session.flush()
    inspector = sa.inspect(session.connection())
    found = []
    for table in inspector.get_table_names():
        if table not in ("secrets", "alembic_version") and "words_" not in table:
            found += [str(row) for row in session.execute(sa.text(f"SELECT * FROM {table}"))]
    return "\n".join(found)


def only_secret(session, ticket):
    return session.scalars(sa.select(Secret).where(Secret.ticket_id == ticket.id)).one()


@pytest.fixture
def ticket(session, new_ticket):
    return ticket_of(session, new_ticket("kari"))


@pytest.mark.parametrize("where", ["title", "description", "reply", "note", "new title"])
def test_a_password_lies_in_no_table_but_its_own(session, people, ticket, where):
    kari, ola = people("kari"), people("ola")
    words = f"passord: {PASSWORD}"
    if where == "title":
        tickets.open_ticket(session, kari, title=f"Hjelp, {words}", description="Se tittelen.")
    elif where == "description":
        tickets.open_ticket(session, kari, title="Hjelp meg", description=words)
    elif where == "reply":
        tickets.reply(session, kari, ticket, body=words)
    elif where == "note":
        tickets.note(session, ola, ticket, body=words)
    else:
        tickets.retitle(session, ola, ticket, title=f"Tom, {words}")
    assert PASSWORD not in everything(session)
    assert PASSWORD.lower().rstrip("!") not in everything(session)
    assert session.scalar(sa.select(Secret.value)) == PASSWORD
    session.rollback()


def test_the_text_is_otherwise_as_written_and_the_place_is_known(session, people, ticket):
    body = f"Hei!\nPassordet mitt er {PASSWORD} og pinkode: 4711.\nHilsen Kari"
    tickets.reply(session, people("kari"), ticket, body=body)
    message = session.scalars(sa.select(Message)).one()
    text = message.body
    for secret in reversed(queries.secrets(session, ticket, [message.id])):
        value = session.get(Secret, secret.id).value
        assert text[secret.position : secret.position + len(MASK)] == MASK
        text = text[: secret.position] + value + text[secret.position + len(MASK) :]
    assert text == body


def test_the_history_tells_what_was_hidden_and_not_what_it_was(session, people, ticket):
    event = tickets.reply(session, people("kari"), ticket, body=f"passord: {PASSWORD}")
    assert event.changes == {"hidden": [None, ["password"]]}


def test_who_looks_leaves_a_line_for_workers_and_touches_nothing(session, people, ticket):
    tickets.reply(session, people("kari"), ticket, body=f"passord: {PASSWORD}")
    touched, version = ticket.updated_at, ticket.version
    number = only_secret(session, ticket).id
    secret, event = secrecy.show(session, people("ola"), ticket, secret_id=number)
    assert secret.value == PASSWORD
    assert (event.actor, event.internal, event.changes) == (
        people("ola"), True, {"secret": [None, "password"]},
    )  # fmt: skip
    session.flush()
    assert (ticket.updated_at, ticket.version) == (touched, version + 1)


def test_a_requester_sees_what_was_written_to_him(session, people, ticket):
    tickets.reply(session, people("ola"), ticket, body=f"Nytt passord: {PASSWORD}")
    number = only_secret(session, ticket).id
    assert secrecy.show(session, people("kari"), ticket, secret_id=number)[0].value == PASSWORD


def test_a_secret_in_a_note_is_not_there_for_a_requester(session, people, ticket):
    tickets.note(session, people("ola"), ticket, body=f"passord: {PASSWORD}")
    number = only_secret(session, ticket).id
    for verb in (secrecy.show, secrecy.wipe):
        with pytest.raises(NotThere):
            verb(session, people("kari"), ticket, secret_id=number)


def test_a_secret_of_another_ticket_is_not_there(session, people, ticket, new_ticket):
    other = ticket_of(session, new_ticket("per", "Noe annet"))
    tickets.note(session, people("ola"), ticket, body=f"passord: {PASSWORD}")
    with pytest.raises(NotThere):
        secrecy.show(session, people("ola"), other, secret_id=only_secret(session, ticket).id)


def test_wiped_is_wiped(session, people, ticket):
    tickets.reply(session, people("kari"), ticket, body=f"passord: {PASSWORD}")
    number = only_secret(session, ticket).id
    assert secrecy.wipe(session, people("ola"), ticket, secret_id=number) is not None
    assert secrecy.wipe(session, people("ola"), ticket, secret_id=number) is None
    assert session.get(Secret, number).value is None
    with pytest.raises(TicketError) as refusal:
        secrecy.show(session, people("ola"), ticket, secret_id=number)
    assert refusal.value.status == 410
    assert history_of(session, ticket.id).count("ticket.secret_wiped") == 1


def test_a_requester_wipes_what_he_wrote_and_not_what_others_wrote(session, people, ticket):
    tickets.reply(session, people("kari"), ticket, body=f"passord: {PASSWORD}")
    own = only_secret(session, ticket).id
    tickets.reply(session, people("ola"), ticket, body="Nytt passord: Vinter-2027")
    others = session.scalar(sa.select(Secret.id).where(Secret.id != own))
    secrecy.wipe(session, people("kari"), ticket, secret_id=own)
    with pytest.raises(NotAllowed):
        secrecy.wipe(session, people("kari"), ticket, secret_id=others)


def test_a_search_for_a_secret_finds_nothing(session, people):
    tickets.open_ticket(
        session, people("kari"), title="Hjelp meg", description="passord: kakemonster99"
    )
    session.commit()
    try:
        for word in ("kakemonster99", "kakemonster"):
            asked = Listing(people("ola"), search=word)
            assert listing.find_ids(session, asked, 0, 5) == []
        assert listing.find_ids(session, Listing(people("ola"), search="passord"), 0, 5)
    finally:
        session.rollback()


def test_a_new_password_in_the_title_is_kept_though_the_title_looks_the_same(session, people):
    event = tickets.open_ticket(
        session, people("kari"), title=f"Passord: {PASSWORD}", description="Hjelp"
    )
    ticket, title = event.ticket, event.ticket.title
    changed = tickets.retitle(session, people("ola"), ticket, title="Passord: Vinter2027!")
    assert (ticket.title, changed.changes) == (title, {"hidden": [None, ["password"]]})
    values = session.scalars(sa.select(Secret.value).order_by(Secret.id)).all()
    assert values == [PASSWORD, "Vinter2027!"]


def test_a_follow_up_carries_the_hidden_title_without_finding_it_again(session, people):
    event = tickets.open_ticket(
        session, people("kari"), title=f"passord: {PASSWORD}", description="Hjelp"
    )
    ticket = event.ticket
    tickets.set_status(session, people("ola"), ticket, to=Status.CLOSED)
    later = tickets.reply(session, people("kari"), ticket, body="Igjen.", reopen_days=-1)
    new = session.get_one(Ticket, later.ticket_id)
    assert new.title == ticket.title
    assert not session.scalars(sa.select(Secret).where(Secret.ticket_id == new.id)).all()
