"""What workers are told: first what happened, the way to the console, and a digest of many."""

import pytest
import sqlalchemy as sa

from console import tickets
from console.models import DeliveryState, Topic
from console.notify import letters
from console.notify.letters import write
from tests.notify.letters.conftest import BASE, addresses, dom, opened

TO_WORKERS = [t for t in Topic if t not in (*letters.TO_REQUESTERS, Topic.ACCOUNT)]


@pytest.fixture
def count_statements(session):
    """How many statements something takes that has to read all its rows anew."""

    def count(what, *args):
        said = []
        session.expire_all()

        def hear(connection, cursor, statement, *rest):
            said.append(statement)

        sa.event.listen(session.get_bind(), "before_cursor_execute", hear)
        try:
            what(*args)
        finally:
            sa.event.remove(session.get_bind(), "before_cursor_execute", hear)
        return len(said)

    return count


@pytest.mark.parametrize("topic", [t for t in TO_WORKERS if t not in (Topic.DIGEST, Topic.ALARM)])
def test_a_worker_is_told_first_what_happened_and_led_to_the_console(session, happen, topic):
    owed = happen(topic)
    letter = write(session, owed)
    heading = dom(letter).h1.text
    assert letter.subject == f"{heading}: Skriveren er tom [#SAK-{owed.ticket_id}]"
    assert f"{BASE}/admin/tickets/{owed.ticket_id}#e{owed.event_id}" in addresses(letter)
    assert letter.sender_name == "TechSupport AS"


@pytest.mark.parametrize(
    ("phone", "way"), [("91122333", "Call 911\xa022\xa0333"), ("", "no phone")]
)
def test_who_was_not_reached_is_to_be_called(session, people, happen, phone, way):
    people("kari").phone, people("ola").language = phone, "en"
    letter = write(session, happen(Topic.UNDELIVERED))
    assert "To: kari@kunde.example" in letter.text
    assert "Reason: 550 no such user" in letter.text
    assert way in letter.text


def test_a_digest_tells_the_newest_a_ticket_at_a_time(session, people, happen, ticket, owe):
    people("ola").language = "en"
    digest = happen(Topic.DIGEST)
    other = tickets.open_ticket(
        session, people("per"), title="Nettet er nede", description="Ingenting virker."
    )
    for event in (other, opened(session, ticket)) * 30:
        owe(Topic.POOL, event, people("ola"), digest_id=digest.id, state=DeliveryState.GATHERED)
    letter = write(session, digest)
    page = dom(letter)
    assert letter.subject.startswith("61 notices")
    assert len(page.find_all("li")) == letters.DIGEST_MAX
    assert [h.text for h in page.find_all("h2")] == [
        f"#{other.ticket_id - 1} Skriveren er tom", f"#{other.ticket_id} Nettet er nede",
    ]  # fmt: skip
    assert "and 11 more" in letter.text
    assert f"{BASE}/admin/tickets/{other.ticket_id}" in addresses(letter)


def test_a_digest_costs_the_same_for_one_and_for_fifty(
    session, people, happen, ticket, owe, count_statements
):
    digest = happen(Topic.DIGEST)
    few = count_statements(write, session, digest)
    for _ in range(49):
        owe(Topic.POOL, opened(session, ticket), people("ola"), digest_id=digest.id)
    assert count_statements(write, session, digest) == few <= 8
