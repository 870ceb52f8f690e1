"""A worker process beside the server: begun with it, replaced when it dies, ended with it."""

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger(__name__)

COMMAND = [sys.executable, "-m", "flask", "--app", "console", "worker", "--with-parent"]
ROOT = Path(__file__).parent.parent.parent
# Before one that has died is replaced, and before one that does not end is killed.
PAUSE, PATIENCE = 2.0, 15.0


@contextmanager
def alongside() -> Iterator[None]:
    """Run a worker process as long as the block runs."""
    ending = threading.Event()
    keeper = threading.Thread(target=_keep, args=(ending,), name="worker-keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ending.set()
        keeper.join(PATIENCE + 5)


def _keep(ending: threading.Event) -> None:
    while not ending.is_set():
        process = subprocess.Popen(COMMAND, cwd=ROOT)
        while process.poll() is None and not ending.wait(0.5):
            pass
        if process.poll() is None:
            _end(process)
        elif not ending.is_set():
            log.error("the worker process ended (%s); another one is begun", process.returncode)
            ending.wait(PAUSE)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
