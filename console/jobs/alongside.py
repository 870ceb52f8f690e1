"""A worker process beside the server: begun with it, replaced when it dies, ended with it."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger(__name__)

COMMAND = [sys.executable, "-m", "flask", "--app", "console", "worker"]
ROOT = Path(__file__).parent.parent.parent
# Nobody forks while a process is begun: what the fork got of it, that is the pipe by which it is
# told that all went well, would stay open, and it would be waited for without end.
_forking = threading.Lock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_forking.acquire,
        after_in_parent=_forking.release,
        after_in_child=_forking.release,
    )
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
        with _forking:
            process = subprocess.Popen([*COMMAND, "--with-parent", str(os.getpid())], cwd=ROOT)
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
