"""What an export of many tickets costs: time, the wait for its first byte, and memory."""

import http.client
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from tests.bench_files import peak, pids_of, reset_peak

TIMES = 4  # often enough to meet each of the processes
KINDS = ("csv", "xlsx")


def memory(program: str, log_in: Callable[[], Any]) -> list[str]:
    """Lines that say how long all tickets take in each kind, and by how much a process grew."""
    processes = pids_of(str(urlsplit(program).port))
    client = log_in()
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    client.close()
    small = "/admin/tickets/export/{}/?tab=mine"
    for kind in KINDS * TIMES:  # what is loaded at the first use is not the rows' fault
        export(program, small.format(kind), cookies)
    lines = [f"{'export':14}{'rows':>9}{'seconds':>9}{'first byte':>12}{'MB':>7}{'growth':>12}"]
    for kind in KINDS:
        before = reset_peak(processes)
        runs = [
            export(program, f"/admin/tickets/export/{kind}/?tab=all", cookies) for _ in range(TIMES)
        ]
        after = [peak(pid) for pid in processes]
        growth = max(late - early for early, late in zip(before, after, strict=True))
        rows, seconds, first, size = min(runs, key=lambda run: run[1])
        sizes = f"{size / 1e6:7.1f}{growth:9.1f} MB"
        lines.append(f"{kind:14}{rows:9}{seconds:9.1f}{first * 1000:9.0f} ms{sizes}")
    return lines


def export(program: str, path: str, cookies: str) -> tuple[int, float, float, int]:
    """Fetch it and keep nothing: its rows, the seconds, those to its first row, and its bytes."""
    connection = http.client.HTTPConnection(urlsplit(program).netloc, timeout=120)
    start = time.perf_counter()
    connection.request("GET", path, headers={"Cookie": cookies})
    answer = connection.getresponse()
    assert answer.status == 200, answer.status
    size, first = len(answer.read1(65536)), time.perf_counter() - start
    while chunk := answer.read1(65536):
        size += len(chunk)
    connection.close()
    return int(answer.headers["X-Rows"]), time.perf_counter() - start, first, size
