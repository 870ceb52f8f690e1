"""A worker that is killed or told to stop: nothing is lost, and one mail at most comes twice."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, suppress

import pytest

from tests import servers
from tests.mariadb.house import until


def test_a_worker_killed_between_the_mail_and_its_mark_costs_one_copy(house):
    house.work(6, 1)
    with house.worker() as first:

        def strike(kept):
            if len(house.sink.kept) == 3:
                house.kill(first)

        house.sink.taken = strike
        house.pass_time()
        until(lambda: first.poll() is not None, "the worker is dead")
        begun = house.rows("SELECT id FROM deliveries WHERE state = 'sending'")
        assert len(begun) == 1
        with house.worker() as _second:
            free = "SELECT COUNT(*) FROM jobs WHERE token IS NULL AND run_at <= UTC_TIMESTAMP(6)"
            until(lambda: not house.one(free), "what nobody had")
            time.sleep(1)
            assert house.states()["sending"] == 1, "a lease was broken"
            house.end_leases()
            until(lambda: house.pass_time() or house.drained(), "the dead one's share")
    house.balance(twice=1)
    assert sorted(house.sink.copies().values())[-2:] == [1, 2]
    assert house.sink.copies()[house.sink.kept[2].message_id] == 2


def test_an_hour_without_workers_is_made_good_once(house):
    with ExitStack() as stack:
        both = [stack.enter_context(house.worker()) for _ in range(2)]
        until(lambda: house.one("SELECT COUNT(*) FROM jobs WHERE done_at IS NOT NULL") >= 3, "x")
        number = house.open("kari", "Før natten")
        for process in both:
            house.kill(process)
    house.work(4, 2, "Om natten")
    # What was kept for the morning, and nobody told of it in the morning.
    house.post("ola", f"/admin/tickets/{number}/take")
    house.run(
        "INSERT INTO deliveries (ticket_id, event_id, recipient_id, recipient, channel, topic,"
        " state, automatic, tries, subject, body, error, run_at, created_at)"
        " SELECT t.id, e.id, u.id, u.email, 'mail', 'answered', 'gathered', 1, 0, '', '', '',"
        " UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) FROM users u JOIN tickets t JOIN events e"
        " ON e.ticket_id = t.id AND e.version = 1 WHERE u.brukernavn IN ('Ola Drift', 'Nina Vakt')"
    )
    house.pass_time(60)
    house.run("UPDATE jobs SET run_at = run_at - INTERVAL 2 DAY, done_at = '2020-01-01'"
              " WHERE name <> 'deliver'")  # fmt: skip
    house.end_leases()
    with ExitStack() as stack:
        [stack.enter_context(house.worker()) for _ in range(2)]
        until(lambda: house.is_idle() and (house.pass_time(5) or house.drained()), "all is sent")
        periodic = house.rows("SELECT * FROM jobs WHERE name <> 'deliver' ORDER BY name")
        assert [row.name for row in periodic] == ["digest", "remind", "sweep"]
        for row in periodic:
            assert row.done_at.year > 2020
            assert row.run_at > row.done_at
    house.balance()
    digests = house.rows("SELECT recipient FROM deliveries WHERE topic = 'digest'")
    assert sorted(row.recipient for row in digests) == ["nina@firma.example", "ola@firma.example"]
    assert house.states()["gathered"] == 0


def test_a_worker_told_to_stop_finishes_its_mail_and_gives_the_rest_back(house):
    house.work(10, 1)
    with house.worker() as process:
        house.sink.delay = 0.5
        house.pass_time()
        until(lambda: len(house.sink.kept) >= 2, "it is in the middle")
        process.terminate()
        # Less than the eight that are left would take.
        assert process.wait(3.9) == 0
    assert 2 <= len(house.sink.kept) <= 4
    assert house.one("SELECT COUNT(*) FROM jobs WHERE token IS NOT NULL") == 0
    house.balance()
    house.sink.delay = 0
    with house.worker():
        until(lambda: house.pass_time() or house.drained(), "the rest")
    house.balance()


def workers_of(parent):
    """The worker processes that a server began."""
    listed = subprocess.run(
        ["ps", "-ww", "-eo", "pid,args"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    mark = f"--with-parent {parent}"
    return [int(line.split()[0]) for line in listed if line.endswith(mark)]


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


@pytest.fixture
def served(house, tmp_path):
    """The program with a worker beside it, in a session of its own."""
    log = (tmp_path / "log").open("w+")
    server = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "console", "serve", "--workers", "1",
         "--with-worker", "--port", str(servers.free_port())],
        cwd=servers.ROOT, env=servers.clean(house.env), stdout=log, stderr=log,
        start_new_session=True,
    )  # fmt: skip
    yield server
    # (The web's own processes outlive their parent when that is killed.)
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait(10)
    print(log.seek(0) or log.read())
    log.close()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=str)
def test_the_worker_beside_the_server_lives_and_dies_with_it(house, served, end):
    [first] = until(lambda: workers_of(served.pid), "a worker")
    os.kill(first, signal.SIGKILL)
    [second] = until(lambda: [pid for pid in workers_of(served.pid) if pid != first], "another one")
    house.open("kari", f"Ved siden av {end.name}")
    until(lambda: house.pass_time() or house.drained(), "it works")
    served.send_signal(end)
    served.wait(20)
    until(lambda: not is_alive(second), "no orphan", seconds=10)
    assert workers_of(served.pid) == []
    house.balance()
