"""Servers that tests start for themselves: a private MariaDB, and the program's own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
SECRET = "only-for-tests-0123456789-0123456789"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def mariadb_is_here() -> bool:
    return bool(shutil.which("mariadbd") and shutil.which("mariadb-install-db"))


class MariaDB:
    """A MariaDB server of our own in a temporary folder, to be killed and begun again."""

    def __init__(self, *options: str) -> None:
        self.folder, self.port = Path(tempfile.mkdtemp(prefix="ts-mariadb-")), free_port()
        me = f"--user={os.environ.get('USER') or 'root'}"
        user = ["--user=root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [me]
        self.url = f"mysql+pymysql://root@127.0.0.1:{self.port}"
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(
            ["mariadb-install-db", "--no-defaults", *user, f"--datadir={self.folder}/data",
             "--auth-root-authentication-method=normal", "--skip-test-db"],
            check=True, **quiet,
        )  # fmt: skip
        self.command = [
            "mariadbd", "--no-defaults", *user, f"--datadir={self.folder}/data",
            f"--port={self.port}", "--bind-address=127.0.0.1", f"--socket={self.folder}/s.sock",
            f"--log-error={self.folder}/err.log", "--character-set-server=utf8mb4", *options,
        ]  # fmt: skip
        self.start()

    def start(self) -> None:
        """Begin it, and wait until it answers."""
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.server = subprocess.Popen(self.command, **quiet)
        _wait_for_port(self.port, self.server, self.folder / "err.log")

    def kill(self) -> None:
        """As when the power goes."""
        self.server.kill()
        self.server.wait(30)

    def stop(self) -> None:
        self.server.terminate()
        self.server.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def own_mariadb(*options: str) -> Iterator[MariaDB]:
    """A MariaDB of our own, as long as the block runs."""
    server = MariaDB(*options)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def mariadb(*options: str) -> Iterator[str]:
    """A MariaDB of our own; yields the URL of its server."""
    with own_mariadb(*options) as server:
        yield server.url


@contextmanager
def program(database_url: str, *, workers: int = 2, **environment: str) -> Iterator[str]:
    """The program served as in production, on the given database; yields its address."""
    command = "flask", "--app", "console", "serve", "--workers", str(workers)
    with tempfile.TemporaryDirectory(prefix="ts-attachments-") as folder:
        env = settings_for(database_url, **{"ATTACHMENTS_URL": folder, **environment})
        with served(*command, env=env, alive="/healthz") as address:
            yield address


def settings_for(database_url: str, **more: str) -> dict[str, str]:
    """The program's settings as environment variables."""
    secrets = {"SECRET_KEY": SECRET, "SECURITY_PASSWORD_SALT": SECRET}
    return {"DATABASE_URL": database_url, **secrets, **more}


def clean_environment() -> dict[str, str]:
    """Our own environment, without settings of a mail server that is somebody's."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("MAIL_", "BASE_URL"))}


@contextmanager
def served(*module: str, env: dict[str, str], alive: str) -> Iterator[str]:
    """A Python module that serves on --port, until the block ends; yields its address."""
    port = free_port()
    with tempfile.NamedTemporaryFile("w+", suffix=".log") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", *module, "--port", str(port)],
            cwd=ROOT, env={**clean_environment(), **env}, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            _wait_for_answer(f"http://127.0.0.1:{port}{alive}", server, Path(log.name), env)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(30)


def clean(env: dict[str, str]) -> dict[str, str]:
    """The environment of a process of the program's: nothing that this machine has set up."""
    ours = ("MAIL_", "BASE_URL", "NOTIFY_", "SMS_", "OPENING_")
    return {**{k: v for k, v in os.environ.items() if not k.startswith(ours)}, **env}


def _wait_for_port(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(200):
        if server.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"MariaDB did not start:\n{log.read_text()[-2000:]}")


def _wait_for_answer(
    address: str, server: "subprocess.Popen[bytes]", log: Path, env: dict[str, str]
) -> None:
    request = urllib.request.Request(address)
    if base := env.get("BASE_URL"):
        request.add_header("Host", base.partition("://")[2])
    for _ in range(200):
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(request, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the program did not start:\n{log.read_text()[-3000:]}")
