"""The database is killed and begun again: everybody goes on by himself, and nothing is lost."""

import http.client
import threading
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, closing

from tests.bench_client import Client
from tests.conftest import NAMES
from tests.mariadb.house import until


def answer(base, path):
    """The status and how long it took."""
    began = time.monotonic()
    try:
        with urllib.request.urlopen(base + path, timeout=10) as page:
            status = page.status
    except urllib.error.HTTPError as refusal:
        status = refusal.code
    return status, time.monotonic() - began


def test_the_database_is_killed_under_load_and_nothing_is_lost_or_doubled(house):
    stop, done, numbers = threading.Event(), [], house.work(6, 1)

    clients = {who: Client(house.base, NAMES[who][1]) for who in ("kari", "per")}
    tokens = {who: client.token("/tickets/new") for who, client in clients.items()}

    def write(who):
        with closing(clients[who]) as client:
            token, count = tokens[who], 0
            while not stop.is_set():
                count += 1
                title = f"{who} {count}"
                form = f"csrf_token={token}&title={title.replace(' ', '+')}&description=Under+last"
                try:
                    client.ask("POST", "/tickets/new", form)
                    if client.status == 303:
                        done.append(title)
                except (RuntimeError, OSError, http.client.HTTPException):
                    client.close()
                time.sleep(0.15)

    with ExitStack() as stack:
        workers = [stack.enter_context(house.worker()) for _ in range(2)]
        writers = [threading.Thread(target=write, args=(who,)) for who in clients]
        for thread in writers:
            thread.start()
        house.sink.delay = 0.05
        house.pass_time()
        until(lambda: len(house.sink.kept) >= 3, "work goes on")
        house.mariadb.kill()
        assert answer(house.base, "/healthz")[0] == 200
        status, seconds = answer(house.base, "/readyz")
        assert (status, seconds < 5) == (503, True)
        time.sleep(2)
        house.mariadb.start()
        before = len(done)
        until(lambda: len(done) > before, "the web goes on", seconds=15)
        sent = len(house.sink.kept)
        until(lambda: len(house.sink.kept) > sent, "the workers go on", seconds=15)
        stop.set()
        for thread in writers:
            thread.join()
        until(lambda: house.pass_time() or house.drained(), "all is sent", seconds=30)
        assert [process.poll() for process in workers] == [None, None]
    assert house.one("SELECT @@innodb_flush_log_at_trx_commit") == 1
    titles = [row.tittel for row in house.rows("SELECT tittel FROM tickets")]
    assert set(done) <= set(titles)
    assert len(titles) == len(set(titles)), "a ticket came twice"
    assert set(numbers) <= {row.id for row in house.rows("SELECT id FROM tickets")}
    house.balance()
