"""Clocks that are set, or that are wrong: what counts is the database's."""

import os
import platform
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import missing
from tests.mariadb.house import until

FAKETIME = [
    Path(f"/usr/lib/{platform.machine()}-linux-gnu/faketime/libfaketime.so.1"),
    Path("/usr/lib/faketime/libfaketime.so.1"),
]


@pytest.fixture
def clock(tmp_path):
    """What a process needs so that its clock can be set, and a function that sets it."""
    found = [str(path) for path in FAKETIME if path.exists()]
    if not found:
        missing("libfaketime (apt install faketime)")
    file = tmp_path / "clock"

    def put(offset):
        new = tmp_path / "new"
        new.write_text(f"{offset}\n")
        new.replace(file)

    put("+0")
    env = {
        "LD_PRELOAD": found[0],
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        # Setting the clock leaves the one that only counts alone.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    return env, put


def seconds_used(process):
    """How much a process has worked."""
    ticks = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("jump", ["+1h", "-1h"])
def test_a_clock_that_jumps_breaks_no_lease_and_sends_nothing_early(house, clock, jump):
    env, put = clock
    house.work(10, 1)
    with house.worker(**env) as odd, ExitStack() as stack:
        # In the middle of a batch, which another worker would like to have.
        house.sink.delay = 0.4
        house.sink.taken = lambda _kept: len(house.sink.kept) == 2 and put(jump)
        house.pass_time()
        until(lambda: len(house.sink.kept) >= 2, "the jump")
        stack.enter_context(house.worker())
        leases = []

        def done():
            leases.extend(house.rows(
                "SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), leased_until) AS s FROM jobs"
                " WHERE token IS NOT NULL"
            ))  # fmt: skip
            house.pass_time()
            return house.drained()

        until(done, "all is sent")
        assert leases
        assert all(100 < lease.s <= 120 for lease in leases)
        house.sink.delay = 0
        # What is to wait waits: a reply, for as long as it may be taken back.
        [number] = house.work(1, 1, "Etterpå")
        used = seconds_used(odd)
        time.sleep(3)
        replies = "SELECT state FROM deliveries WHERE topic = 'reply' AND ticket_id = :n"
        assert house.one(replies, n=number) == "waiting"
        assert seconds_used(odd) - used < 1.5, "it spins"
        times = house.rows(
            "SELECT run_at FROM jobs WHERE name = 'remind'"
            " AND run_at BETWEEN UTC_TIMESTAMP() - INTERVAL 5 SECOND"
            " AND UTC_TIMESTAMP() + INTERVAL 65 SECOND"
        )
        assert len(times) == 1
        until(lambda: house.pass_time() or house.drained(), "the rest")
        assert odd.poll() is None
    assert house.one("SELECT COUNT(*) FROM deliveries WHERE ABS(TIMESTAMPDIFF(SECOND, sent_at,"
                     " UTC_TIMESTAMP())) > 120") == 0  # fmt: skip
    house.balance()


def test_two_workers_whose_clocks_differ_share_the_work(house, clock):
    env, put = clock
    put("+300s")
    with house.worker(**env), house.worker():
        numbers = house.work(8, 2)
        time.sleep(3)
        replies = "SELECT COUNT(*) FROM deliveries WHERE topic = 'reply' AND state = 'sent'"
        assert house.one(replies) == 0, "sent before it could be taken back"
        until(lambda: house.pass_time() or house.drained(), "all is sent")
    house.balance()
    assert len(numbers) == 8
