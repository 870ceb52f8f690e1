"""What a large file costs the server's processes in memory, on its way up and down."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

MB = 1024 * 1024
SIZE = 25 * MB
TIMES = 6  # often enough to meet each of the processes


def memory(program: str, log_in: Callable[[], Any]) -> list[str]:
    """Lines that say by how much the largest process grew while 25 MB files came and went."""
    port = urlsplit(program).port
    processes = pids_of(str(port))
    client = log_in()
    try:
        upload(client, 64 * 1024)  # what is loaded at the first use is not the file's fault
        lines = [f"{'':28}{'peak before':>14}{'peak after':>14}{'growth':>10}"]
        numbers: list[int] = []
        for name, work in (
            ("25 MB up", lambda: numbers.append(upload(client, SIZE))),
            ("25 MB down", lambda: download(client, numbers[-1])),
        ):
            before = reset_peak(processes)
            for _ in range(TIMES):
                work()
            after = [peak(pid) for pid in processes]
            growth = max(late - early for early, late in zip(before, after, strict=True))
            lines.append(
                f"{name + f', {TIMES} times':28}{max(before):11.0f} MB{max(after):11.0f} MB"
                f"{growth:7.1f} MB"
            )
    finally:
        client.close()
    return lines


def pids_of(port: str) -> list[int]:
    """The process that serves on that port, and its children."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int(
                (folder / "stat").read_text().rpartition(")")[2].split()[1]
            )
            words = (folder / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if "--port" in words and port in words:
            main = int(folder.name)
    return [main, *(pid for pid, parent in parents.items() if parent == main)]


def peak(pid: int) -> float:
    """The most memory the process had, in MB, since reset_peak()."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


def reset_peak(pids: list[int]) -> list[float]:
    """Begin to count anew; answers what each process has now."""
    for pid in pids:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    return [peak(pid) for pid in pids]


def upload(client: Any, size: int) -> int:
    """Send a file of that size; answers its number."""
    page = client.ask("GET", "/admin/")
    token = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', page)[1].decode()
    edge = "bench-edge"
    head = (
        f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="logg.bin"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    body = head + os.urandom(size) + f"\r\n--{edge}--\r\n".encode()
    answer = client.ask(
        "POST",
        "/attachments",
        body,
        {"Content-Type": f"multipart/form-data; boundary={edge}", "X-CSRFToken": token},
    )
    return int(json.loads(answer)["files"][0]["id"])


def download(client: Any, number: int) -> None:
    """Fetch the file; raises when it is not whole."""
    assert len(client.ask("GET", f"/attachments/{number}")) == SIZE


def used(program: str) -> float:
    """The memory of the server's processes together, in MiB; what they share counts once."""
    total = 0
    for pid in pids_of(str(urlsplit(program).port)):
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)[1])  # type: ignore[index]
    return total / 1024
