"""The program as it is run: several processes, killed and stopped, on MariaDB."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from flask_migrate import upgrade

from console import create_app
from console.accounts import rules
from console.extensions import db
from console.models import Event, Ticket
from console.transaction import change
from tests import servers
from tests.bench import Client
from tests.conftest import NAMES, PASSWORD, configuration


@pytest.fixture(scope="module")
def url(new_database):
    """A database with the cast, behind the served program."""
    url = new_database("test_serve")
    app = create_app(configuration(url))
    with app.app_context():
        upgrade()
        with change() as session:
            system = rules.system_user(session)
            for name, email, role in NAMES.values():
                rules.create(
                    session, system, username=name, email=email, role=role, password=PASSWORD
                )
        yield url
        db.session.remove()
        db.engine.dispose()


def send(client, path, **form):
    page = client.ask("GET", path)
    token = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', page)[1].decode()
    client.ask("POST", path, urlencode({"csrf_token": token, **form}))


def rows(url, statement):
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = connection.scalar(statement)
    engine.dispose()
    return found


def test_what_was_answered_is_stored_though_processes_die(url):
    """kill -9 of the serving processes under load: all of a ticket or nothing of it (F01)."""
    acknowledged, stop = [], threading.Event()
    with servers.program(url, workers=3) as base:
        children = worker_processes(base)

        def work(who):
            number = 0
            while not stop.is_set():
                number += 1
                title = f"{who} nummer {number}"
                try:
                    with closing(Client(base, NAMES[who][1])) as client:
                        send(client, "/tickets/new", title=title, description="Under last")
                        if client.status == 303:
                            acknowledged.append(title)
                except (OSError, RuntimeError, TypeError, ValueError):
                    continue  # the process died under us: nothing was promised
                except Exception as error:
                    if "http" not in type(error).__module__:
                        raise

        threads = [threading.Thread(target=work, args=(who,)) for who in ("kari", "per")]
        for thread in threads:
            thread.start()
        for _ in range(4):
            time.sleep(1.2)
            for child in children()[:1]:
                os.kill(child, signal.SIGKILL)
        time.sleep(4)
        stop.set()
        for thread in threads:
            thread.join()
        assert len(acknowledged) > 5
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        stored = set(connection.scalars(sa.select(Ticket.title)))
    engine.dispose()
    assert set(acknowledged) <= stored
    lonely = sa.select(sa.func.count(Ticket.id)).where(
        ~Ticket.id.in_(sa.select(Event.ticket_id).where(Event.version == 1))
    )
    assert rows(url, lonely) == 0
    assert rows(url, sa.select(sa.func.count(Ticket.id))) == rows(
        url, sa.text("SELECT COUNT(DISTINCT ticket_id) FROM recent_words")
    )


def worker_processes(base):
    """A function that lists the serving processes of the program at this address."""
    port = base.rsplit(":", 1)[1]

    def children():
        mine = subprocess.run(
            ["ps", "-ww", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        parents = [line.split()[0] for line in mine if f"--port {port}" in line and "serve" in line]
        return [
            int(line.split()[0])
            for line in mine
            if line.split()[1] in parents and "resource_tracker" not in line
        ]

    return children


def test_sigterm_stops_it_clean_and_soon(url):
    started = time.monotonic()
    with servers.program(url) as base:
        Client(base, NAMES["kari"][1]).close()
        stopping = time.monotonic()
    assert time.monotonic() - stopping < 12
    assert stopping - started < 30


def test_fifty_megabytes_are_refused_before_they_are_read(url):
    with servers.program(url) as base:
        host, port = base.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as line:
            line.sendall(
                b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x"
                b"\r\nContent-Length: 52428800\r\n\r\n" + b"x" * 100_000
            )
            assert b" 413 " in line.recv(100)


def test_static_files_are_served_and_kept(url):
    with servers.program(url) as base, closing(Client(base, NAMES["kari"][1])) as client:
        page = client.ask("GET", "/tickets/").decode()
        addresses = re.findall(r'(?:href|src)="(/(?:admin/)?static/[^"]+)"', page)
        assert len(addresses) >= 4
        for address in addresses:
            assert client.ask("GET", address)


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY must be set"),
        ({"SECURITY_PASSWORD_SALT": "kort"}, "SECURITY_PASSWORD_SALT is too short"),
        ({"DATABASE_URL": "oracle://x"}, "DATABASE_URL must begin with"),
        ({"MAIL_PORT": "tjuefem"}, "MAIL_PORT must be a whole number"),
        ({"BASE_URL": "sak.example.no"}, "BASE_URL must be a full address"),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_starts(url, missing, sentence):
    env = {"DATABASE_URL": url, "SECRET_KEY": servers.SECRET,
           "SECURITY_PASSWORD_SALT": servers.SECRET, **missing}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "seed.py", "--demo"],
        cwd=servers.ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
