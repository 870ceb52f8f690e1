"""A mail server that is away, that refuses, or that hangs up: all is sent once, and in order."""

from contextlib import ExitStack
from statistics import median

import pytest

from console.notify import message_ids
from tests.mariadb.house import until


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
    house.sink.start()
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
        print("usual", usual, "with the fault", median(house.ledger.seconds))
        house.sink.stop()
        for process in workers:
            process.terminate()
    with ExitStack() as stack:
        [stack.enter_context(house.worker()) for _ in range(2)]
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
