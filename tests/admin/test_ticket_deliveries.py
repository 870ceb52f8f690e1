"""How a message fares, beside it on the page of its ticket, and what a worker does about it."""

import re

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup

from console import clock
from console.extensions import db
from console.models import Delivery, DeliveryState, Event, Kind, Medium, Topic
from console.transaction import change
from tests.bench import statements
from tests.conftest import history_of
from tests.forms import notices

pytestmark = pytest.mark.english

S = DeliveryState


def told(answer):
    """What stands beside the messages of a ticket."""
    page = BeautifulSoup(answer.text.replace("</p>", "</p> "), "html5lib")
    return [" ".join(part.text.split()) for part in page.select(".deliveries")]


STANDS = [
    (S.SENT, "", "Sent to kari@kunde.example"),
    (S.WAITING, "", "Waiting to be sent to kari@kunde.example"),
    (S.SENDING, "", "Being sent to kari@kunde.example"),
    (S.DEFERRED, "451 busy", "Delayed to kari@kunde.example: 451 busy, next try"),
    (S.GATHERED, "", "To kari@kunde.example in the morning"),
    (S.STOPPED, "", "Stopped: kari@kunde.example"),
    (S.CANCELLED, "outdated", "Not sent to kari@kunde.example: it was no longer true"),
    (S.FAILED, "550 <i>", "Not delivered to kari@kunde.example: 550 <i>"),
    (S.BOUNCED, "returned", "Came back: kari@kunde.example"),
]


def test_every_state_has_its_line():
    assert {state for state, *_ in STANDS} == set(S)


@pytest.mark.parametrize(("state", "error", "line"), STANDS)
def test_a_worker_sees_beside_the_message_how_it_fares(app, ola, owe, number, state, error, line):
    ola.send(f"/admin/tickets/{number}/reply", {"body": "Vi ser på det."})
    with app.app_context(), change() as session:
        session.execute(sa.delete(Delivery))  # what the reply itself has planned
    owe(number, state=state, error=error, job=False)
    answer = ola.get(f"/admin/tickets/{number}")
    [found] = told(answer)
    assert found.startswith(line)
    message = BeautifulSoup(answer.text, "html5lib").select_one(".message.from-worker")
    assert message.select_one(".deliveries")


def test_a_chat_is_told_by_name(ola, owe, number, cast):
    owe(number, state=S.SENT, channel=Medium.CHAT, recipient="Slack", recipient_id=cast.nina)
    [found] = told(ola.get(f"/admin/tickets/{number}"))
    assert found.startswith("Sent to Nina Vakt (Slack)")


def test_many_are_summed_and_what_went_wrong_is_seen(ola, owe, number):
    for n in range(12):
        owe(number, state=S.SENT, recipient=f"a{n}@x.example")
    page = ola.get(f"/admin/tickets/{number}")
    assert told(page)[0].startswith("Sent to 12 ")
    owe(number, state=S.FAILED, recipient="b@x.example", error="550")
    [found] = told(ola.get(f"/admin/tickets/{number}"))
    assert found.startswith("Not delivered to b@x.example: 550 Try again Sent to 12 of 13 ")


def test_ten_thousand_recipients_do_not_make_the_page_endless(app, ola, number):
    moment = clock.now()
    with app.app_context(), change() as session:
        event = session.scalar(sa.select(Event.id).where(Event.ticket_id == number))
        session.execute(
            sa.insert(Delivery),
            [{"event_id": event, "ticket_id": number, "recipient": f"{n}@x.example",
              "state": S.SENT, "run_at": moment, "created_at": moment, "sent_at": moment}
             for n in range(10_000)],
        )  # fmt: skip
    page = ola.get(f"/admin/tickets/{number}")
    assert len(page.data) < 150_000
    assert told(page)[0].startswith("Sent to 100")


def test_the_page_of_the_ticket_costs_no_statement_more(app, ola, owe, number):
    costs = []
    for many in (0, 1, 30):
        for _ in range(many):
            owe(number, state=S.FAILED)
        with app.app_context(), statements(db.engine) as seen:
            ola.get(f"/admin/tickets/{number}")
        costs.append(len(seen))
    assert costs[0] == costs[1] == costs[2] <= 8


def test_a_failed_one_is_tried_again_from_there(ola, owe, row, number):
    found = owe(number, state=S.FAILED)
    answer = ola.send(f"/admin/tickets/{number}/deliveries/{found}/retry")
    assert answer.status_code == 303
    assert f"/admin/tickets/{number}#e" in answer.location
    assert row(found).state is S.WAITING
    again = ola.send(f"/admin/tickets/{number}/deliveries/{found}/retry")
    assert again.status_code == 409
    assert "It is waiting to be sent already" in notices(again)


def test_a_mail_that_came_back_gives_the_ticket_a_next_step(app, ola, owe, row, number):
    found = owe(number, state=S.SENT, topic=Topic.REPLY)
    for _ in range(2):
        answer = ola.send(f"/admin/tickets/{number}/deliveries/{found}/bounced")
        assert answer.status_code == 303
    assert row(found).state is S.BOUNCED
    with app.app_context():
        assert history_of(db.session, number).count(Kind.UNDELIVERED.value) == 1
    page = ola.get(f"/admin/tickets/{number}").text
    assert "Could not be delivered to kari@kunde.example: it came back" in page


def test_a_returned_notice_to_a_worker_is_only_marked(app, ola, owe, row, number):
    found = owe(number, state=S.SENT, topic=Topic.ASSIGNED, recipient="nina@firma.example")
    ola.send(f"/admin/tickets/{number}/deliveries/{found}/bounced")
    assert row(found).state is S.BOUNCED
    with app.app_context():
        assert Kind.UNDELIVERED.value not in history_of(db.session, number)


@pytest.mark.parametrize("verb", ["retry", "bounced"])
def test_a_message_of_another_ticket_is_not_there(ola, kari, owe, row, number, new_ticket, verb):
    other, account = owe(new_ticket("per"), state=S.FAILED), owe(None, state=S.FAILED)
    for found in (other, account, 0, 999_999, 10**12):
        path = f"/admin/tickets/{number}/deliveries/{found}/{verb}"
        assert ola.send(path).status_code == 404
    own = owe(number, state=S.FAILED)
    assert kari.send(f"/admin/tickets/{number}/deliveries/{own}/{verb}").status_code == 404
    assert {row(each).state for each in (other, account, own)} == {S.FAILED}


def test_a_message_of_what_was_merged_belongs_to_the_ticket(ola, owe, row, number, new_ticket):
    old = new_ticket("kari", "Det samme")
    found = owe(old, state=S.FAILED)
    ola.send(f"/admin/tickets/{old}/merge", {"into": number})
    assert len(told(ola.get(f"/admin/tickets/{number}"))) == 1
    for through in (old, number):
        answer = ola.send(f"/admin/tickets/{through}/deliveries/{found}/retry")
        assert answer.status_code in (303, 409)
    assert row(found).state is S.WAITING


@pytest.mark.parametrize("state", S)
def test_a_requester_sees_nothing_of_all_that(browser_of, owe, number, state):
    kari = browser_of("kari")
    before = kari.get(f"/tickets/{number}").text
    owe(number, state=state, error="no_address", recipient="annen@x.example", subject="Utboks")
    after = kari.get(f"/tickets/{number}").text
    token = re.compile(r'(csrf_token"[^>]*value|nonce|name="key" value)="[^"]+"')
    assert token.sub("", after) == token.sub("", before)


def test_an_admin_is_told_of_his_own_ticket_as_a_requester(app, anne, owe, new_ticket):
    number = new_ticket("anne")
    owe(number, state=S.FAILED, error="550 x")
    assert "550 x" not in anne.get(f"/tickets/{number}").text
