"""Attached files through the program as it is run: cut in the middle, and in little memory."""

import http.client
import json
import os
import re
import socket
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask_migrate import upgrade

from console import create_app
from console.accounts import rules
from console.extensions import db
from console.transaction import change
from tests import servers
from tests.bench import Client
from tests.conftest import NAMES, PASSWORD, configuration
from tests.portal.uploads import body

MB = 1024 * 1024
LARGE = 25 * MB
# How much a process may grow for it, in megabytes: what is on its way, and not the file.
GROWTH_MAX = 8


@pytest.fixture(scope="module")
def url(new_database):
    url = new_database("test_files")
    app = create_app(configuration(url))
    with app.app_context():
        upgrade()
        with change() as session:
            name, email, role = NAMES["kari"]
            rules.create(
                session, rules.system_user(session), username=name, email=email, role=role,
                password=PASSWORD,
            )  # fmt: skip
        yield url
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("served") / "files"


@pytest.fixture(scope="module")
def base(url, folder):
    with servers.program(url, workers=2, ATTACHMENTS_URL=str(folder)) as base:
        yield base


def headers_of(client):
    token = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', client.ask("GET", "/tickets/new"))
    return {"X-CSRFToken": token[1].decode(), "Content-Type": "multipart/form-data; boundary=x"}


def upload(client, content, name="x.bin"):
    data = body((content, name))["data"]
    return json.loads(client.ask("POST", "/attachments", data, headers_of(client)))["files"][0]


def lying(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_an_upload_that_is_cut_leaves_nothing(base, url, folder):
    with closing(Client(base, NAMES["kari"][1])) as client:
        upload(client, b"whole")
        before = len(lying(folder))
        cookie = "; ".join(f"{k}={v}" for k, v in client.cookies.items())
        more = {**headers_of(client), "Cookie": cookie, "Host": "x", "Content-Length": str(LARGE)}
        data = body((bytes(LARGE), "cut.bin"))["data"]
        for sent in (0, 100, MB, 20 * MB):
            head = "POST /attachments HTTP/1.1\r\n" + "".join(
                f"{k}: {v}\r\n" for k, v in more.items()
            )
            where = urlsplit(base)
            with socket.create_connection((where.hostname, where.port)) as wire:
                wire.sendall(head.encode() + b"\r\n" + data[:sent])
                time.sleep(0.2)
            time.sleep(0.3)
            assert len(lying(folder)) == before
        # It serves on, and nothing of the cut ones has a row.
        assert upload(client, b"whole again")["name"] == "x.bin"
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            found = connection.scalar(
                sa.text("SELECT COUNT(*) FROM attachments WHERE name = 'cut.bin'")
            )
        engine.dispose()
        assert found == 0


def workers_of(base):
    """The processes that serve at this address: not their parent, which is the first."""
    port = f"--port\0{urlsplit(base).port}\0".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if port in (process / "cmdline").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue  # it has ended
    return sorted(found)[1:]


def peak(pid, reset=False):
    """The most memory that the process has had, in megabytes; from now on, when reset."""
    if reset:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


def downloaded(client, number, *, slowly):
    """The size of what comes down, by a client that reads it at once or lets it wait."""
    host = client.connection.host
    cookie = "; ".join(f"{k}={v}" for k, v in client.cookies.items())
    with closing(http.client.HTTPConnection(host, client.connection.port)) as connection:
        connection.connect()
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        connection.request("GET", f"/attachments/{number}", headers={"Cookie": cookie})
        answer, size = connection.getresponse(), 0
        assert answer.status == 200
        if slowly:
            time.sleep(2)
        while piece := answer.read(256 * 1024):
            size += len(piece)
        return size


@pytest.mark.skipif(not os.path.exists("/proc/self/clear_refs"), reason="only Linux tells")
def test_a_large_file_costs_little_memory_up_and_down(base):
    content = os.urandom(LARGE)
    with closing(Client(base, NAMES["kari"][1])) as client:
        for _ in range(8):  # both processes load what they need for any file
            downloaded(client, upload(client, b"x" * MB, "x.txt")["id"], slowly=False)
        workers = workers_of(base)
        assert len(workers) == 2

        def growth(work):
            before = {pid: peak(pid, reset=True) for pid in workers}
            result = work()
            return max(peak(pid) - before[pid] for pid in workers), result

        up, told = growth(lambda: upload(client, content))
        down, size = growth(lambda: downloaded(client, told["id"], slowly=False))
        slow, again = growth(lambda: downloaded(client, told["id"], slowly=True))
    print(f"\n25 MB: {up:.1f} MB more on the way up, {down:.1f} down, {slow:.1f} down slowly")
    assert size == again == LARGE
    assert max(up, down, slow) < GROWTH_MAX
