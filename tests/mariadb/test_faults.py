"""A mail server that is away, that refuses, or that hangs up: all is sent once, and in order."""

import json
import time
from contextlib import ExitStack
from statistics import median

import pytest

from console.notify import message_ids
from tests.mariadb.house import until
from tests.notify.receiver import receiving


@pytest.fixture
def two_workers(house):
    with ExitStack() as stack:
        yield [stack.enter_context(house.worker()) for _ in range(2)]


def order_of(house, number):
    """The replies on the ticket as they arrived, by the number of their delivery."""
    first = {row.id: row.ticket_id for row in house.rows(
        "SELECT id, ticket_id FROM deliveries WHERE topic = 'reply'")}  # fmt: skip
    with house.app.app_context():
        arrived = [message_ids.read(kept.message_id) for kept in house.sink.kept]
    return [delivery for delivery in arrived if first.get(delivery) == number]


def test_with_the_mail_server_away_nothing_is_lost_and_the_web_is_as_fast(house):
    with ExitStack() as stack:
        workers = [stack.enter_context(house.worker()) for _ in range(2)]
        house.work(3, 2, "Før")
        usual = median(house.ledger.seconds)
        house.pass_time()
        until(house.drained, "all is sent")
        house.ledger.seconds.clear()
        house.sink.say_nothing()
        numbers = house.work(12, 4)
        house.pass_time()
        until(lambda: house.states()["deferred"], "one was tried in vain", seconds=25)
        assert median(house.ledger.seconds) < max(3 * usual, usual + 0.05)
        house.sink.stop()
        for process in workers:
            process.terminate()
    with house.worker():
        house.pass_time()
        until(house.is_idle, "all was tried")
        house.pass_time()
    house.sink.start()
    with ExitStack() as stack:
        [stack.enter_context(house.worker()) for _ in range(2)]
        until(lambda: house.pass_time() or house.drained(), "all is sent")
    house.balance()
    for number in numbers:
        assert order_of(house, number) == sorted(order_of(house, number))
        assert len(order_of(house, number)) == 4


def test_refusals_concern_the_recipient_that_they_are_about(house, two_workers):
    house.sink.answers = {
        "kari@kunde.example": ["451 4.3.0 Later"] * 2,
        "per@annen.example": ["550 5.1.1 No such user"] * 2,
    }
    tickets = {who: house.open(who, f"Sak fra {who}") for who in ("kari", "per", "anne")}
    for who, number in tickets.items():
        house.reply("ola", number, f"Hei {who}")
    house.pass_time()

    def has_come():
        return sum(kept.recipient == "anne@firma.example" for kept in house.sink.kept) >= 2

    until(has_come, "who can be reached is not held up", seconds=20)
    until(lambda: house.pass_time() or house.drained(), "the others have been tried")
    house.balance()
    sent = {who: house.rows(
        "SELECT topic, tries, error FROM deliveries WHERE state = 'sent' AND ticket_id = :n"
        " AND topic IN ('receipt', 'reply')", n=number,
    ) for who, number in tickets.items()}  # fmt: skip
    assert {who: len(rows) for who, rows in sent.items()} == {"kari": 2, "per": 0, "anne": 2}
    assert sum(row.tries for row in sent["kari"]) == 4
    failed = house.rows("SELECT ticket_id, error, tries FROM deliveries WHERE state = 'failed'")
    assert {row.ticket_id for row in failed} == {tickets["per"]}
    assert {(row.error, row.tries) for row in failed} == {("550 5.1.1 No such user", 1)}
    told = house.rows("SELECT ticket_id FROM events WHERE kind = 'ticket.undelivered'")
    assert [row.ticket_id for row in told] == [tickets["per"]] * len(failed)
    assert house.one("SELECT due_at <= UTC_TIMESTAMP(6) FROM tickets WHERE id = :n",
                     n=tickets["per"])  # fmt: skip


def test_a_line_that_breaks_costs_at_most_a_second_copy_of_the_same_mail(house, two_workers):
    house.sink.goodbyes = house.sink.cuts = 2
    house.work(6, 1)
    house.pass_time()
    until(lambda: house.pass_time() or house.drained(), "all is sent")
    house.balance(twice=2)
    assert sorted(house.sink.copies().values())[-3:] == [1, 2, 2]


def test_a_flood_is_stopped_and_people_are_not(house, two_workers):
    for n in range(50):
        house.open("kari", f"Flom {n}")
        number = house.open("per", f"Flom {n}")
    until(lambda: house.states()["stopped"] and house.is_idle(), "the flood stands still")
    house.reply("ola", number, "Vi ser det")
    house.pass_time(1)
    until(lambda: house.one("SELECT COUNT(*) FROM deliveries WHERE topic = 'reply'"
                            " AND state = 'sent'"), "a person's reply")  # fmt: skip
    until(house.is_idle, "nothing else to be done")
    counts = dict(tuple(row) for row in house.rows(
        "SELECT CONCAT(topic, ' ', state), COUNT(*) FROM deliveries GROUP BY 1"))  # fmt: skip
    # (One that comes after the sixtieth may be looked at before it; then fewer leave.)
    assert counts.get("receipt sent", 0) <= 60
    assert counts.get("receipt sent", 0) + counts["receipt stopped"] == 100
    assert counts["alarm sent"] == 1
    house.post("anne", "/admin/deliveries/resume")
    until(house.drained, "the rest is sent")
    house.balance()
    assert house.states()["stopped"] == 0


def test_a_chat_that_answers_late_or_wrongly_holds_up_no_mail_and_is_told_in_the_end(house):
    team = "SELECT state, COUNT(*) FROM deliveries WHERE channel = 'team' GROUP BY 1"

    def is_tried(state):
        return house.is_idle() and dict(tuple(row) for row in house.rows(team)) == {state: 6}

    with receiving() as receiver:
        with house.worker(NOTIFY_URLS=f"json://{receiver.place}"):
            overdue, others = house.work(6, 0), house.work(4, 0, "En annen")
            until(house.drained, "the receipts")
            receiver.delay = 30
            house.run(
                "UPDATE tickets SET due_at = UTC_TIMESTAMP() - INTERVAL 1 HOUR, due_told = 0"
                " WHERE id <= :last", last=max(overdue),
            )  # fmt: skip
            house.run("UPDATE jobs SET run_at = UTC_TIMESTAMP() WHERE name = 'remind'")
            until(lambda: receiver.got, "the team is told")
            began = time.monotonic()
            for number in others:
                house.reply("ola", number, f"Svar på {number}")
            house.pass_time(1)
            replies = "SELECT COUNT(*) FROM deliveries WHERE topic = 'reply' AND state = 'sent'"
            until(lambda: house.one(replies) == 4, "the replies", seconds=20)
            assert time.monotonic() - began < 20, "longer than one message may take"
            until(lambda: is_tried("deferred"), "all was tried")
            assert len(receiver.got) == 1, "one that does not answer is asked six times"
        # (A process leaves one that did not answer alone for half a minute.)
        with house.worker(NOTIFY_URLS=f"json://{receiver.place}"):
            receiver.delay, receiver.status = 0, 500
            house.pass_time()
            until(lambda: len(receiver.got) == 7 and is_tried("deferred"), "all was refused")
            assert "500" in house.one("SELECT error FROM deliveries WHERE state = 'deferred'")
            receiver.status = 200
            house.pass_time()
            until(lambda: is_tried("sent"), "the team knows")
        assert len(receiver.got) == 13
        told = [json.loads(body)["title"] for _path, body in receiver.got[-6:]]
        assert len(set(told)) == 6
    house.balance()
