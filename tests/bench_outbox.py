"""How fast the worker processes are, and what owing a message adds to a reply."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from aiosmtpd.controller import Controller
from flask import Flask

from console import clock, tickets
from console.extensions import db
from console.models import Delivery, DeliveryState, Job, Medium, Ticket, Topic, User
from console.notify.outbox import DELIVER
from console.notify.routing import quietly
from console.transaction import change
from tests import servers

JOBS, MAILS, REPLIES = 3_000, 600, 150
WORKERS = (1, 4)


class Sink:
    """A mail server that takes everything and keeps nothing."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        return "250 OK"


def throughput(app: Flask) -> Iterator[str]:
    """Lines that say how many jobs and mails a second leave, and what planning costs."""
    with app.app_context():
        yield planning()
        controller = Controller(Sink(), hostname="127.0.0.1", port=servers.free_port())
        controller.start()
        try:
            for number in WORKERS:
                with workers(app, controller.port, number):
                    jobs, mails = a_second(JOBS, nothing_to_send), a_second(MAILS, mail)
                yield f"{number} worker(s): {jobs:6.0f} jobs a second, {mails:5.0f} mails a second"
        finally:
            controller.stop()
        db.session.remove()


def planning() -> str:
    """What it adds to a worker's reply that the requester is owed a mail of it."""
    with change() as session:
        worker = session.scalars(sa.select(User.id).where(User.username == "drift 1")).one()
        ticket = session.scalars(sa.select(sa.func.max(Ticket.id))).one()
    took: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(REPLIES):
        for told in (True, False):
            began = time.perf_counter()
            with nullcontext() if told else quietly(), change() as session:
                actor, found = session.get_one(User, worker), session.get_one(Ticket, ticket)
                tickets.reply(session, actor, found, body=f"Svar {turn} {told}")
            took[told].append(time.perf_counter() - began)
    with_it, without = (statistics.median(took[told]) * 1000 for told in (True, False))
    return (
        f"a reply, told and not told: {with_it:.2f} ms and {without:.2f} ms:"
        f" {with_it - without:.2f} ms for the planning"
    )


@contextmanager
def workers(app: Flask, port: int, number: int) -> Iterator[None]:
    """So many worker processes with that mail server."""
    env = {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(port), "MAIL_USE_TLS": "no"}
    command = [sys.executable, "-m", "flask", "--app", "console", "worker"]
    url = str(app.config["SQLALCHEMY_DATABASE_URI"])
    running = [
        subprocess.Popen(
            command,
            cwd=servers.ROOT,
            env={**servers.clean_environment(), **servers.settings_for(url, **env)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(number)
    ]
    try:
        time.sleep(5)  # until they look for work
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)


def a_second(number: int, row: Callable[[], dict[str, Any]]) -> float:
    """How many of these deliveries are through in a second, from when they become due."""
    moment = clock.now() + timedelta(hours=1)
    with change() as session:
        rows = [{**row(), "run_at": moment, "created_at": clock.now()} for _ in range(number)]
        first = (session.scalar(sa.select(sa.func.max(Delivery.id))) or 0) + 1
        session.execute(sa.insert(Delivery), rows)
        numbers = session.scalars(sa.select(Delivery.id).where(Delivery.id >= first)).all()
        jobs = [{"name": DELIVER, "about": n, "lane": 1, "run_at": moment} for n in numbers]
        session.execute(sa.insert(Job), jobs)
    with change() as session:
        due = sa.update(Job).where(Job.about.in_(numbers)).values(run_at=clock.now())
        session.execute(due)
    began = time.perf_counter()
    while left(numbers):
        time.sleep(0.02)
    return number / (time.perf_counter() - began)


def left(numbers: Any) -> bool:
    with change() as session:
        jobs = sa.select(Job.id).where(Job.name == DELIVER, Job.about.in_(numbers)).limit(1)
        return session.scalar(jobs) is not None


def nothing_to_send() -> dict[str, Any]:
    return {**mail(), "state": DeliveryState.CANCELLED}


def mail() -> dict[str, Any]:
    return {
        "recipient": "kari@kunde.example",
        "channel": Medium.MAIL,
        "topic": Topic.ACCOUNT,
        "subject": "Velkommen",
        "body": "Hei.\n\nVi ser på det.\n" * 10,
        "state": DeliveryState.WAITING,
    }
