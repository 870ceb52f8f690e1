"""A real mail server, and the application that sends to it."""

import email
import logging
import ssl
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import default as POLICY
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask
from sqlalchemy import func, select

from console import create_app
from console.extensions import db
from console.jobs.worker import Worker
from console.models import Delivery, DeliveryState
from console.notify import message_ids, outbox
from console.transaction import change
from tests.conftest import configuration
from tests.servers import free_port


class Mailbox:
    """Takes mails, or answers at `stage` as many `answers` as it was given first."""

    def __init__(self, stage: str = "", *answers: str) -> None:
        self.stage, self.answers = stage, list(answers)
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.tries = 0

    def _answer(self, stage: str) -> str:
        if stage == "MAIL":
            self.tries += 1
        return self.answers.pop(0) if stage == self.stage and self.answers else "250 OK"

    async def handle_MAIL(self, server, session, envelope, address, options):
        envelope.mail_from = address
        return self._answer("MAIL")

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = self._answer("RCPT")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):
        answer = self._answer("DATA")
        if answer.startswith("250"):
            self.mails.append(email.message_from_bytes(envelope.content, policy=POLICY))
            self.recipients.append(list(envelope.rcpt_tos))
        return answer


def words_of(mail: EmailMessage) -> str:
    """The mail's text, as a reader without HTML has it."""
    return mail.get_body(("plain",)).get_content()


class Office:
    """The application with a mail server, and the handles that the tests turn."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def plan(self, recipient: str = "kari@kunde.example", **more: str) -> int:
        words = {"subject": "Saken din", "body": "Hei.\n\nVi ser på det.", **more}
        with self.app.app_context(), change() as session:
            return outbox.owe_mail(session, recipient=recipient, **words)

    def send(self) -> int:
        """Do what is due as a worker process does; answers how many messages left."""
        with self.app.app_context():
            worker, before = Worker(), self._sent()
            worker.begin()
            while worker.turn():
                pass
            worker.sender.line.close()
            return self._sent() - before

    def _sent(self) -> int:
        with change() as session:
            sent = select(func.count()).where(Delivery.state == DeliveryState.SENT)
            return session.scalar(sent) or 0

    def number_of(self, mail: EmailMessage) -> int | None:
        """The number of the delivery that the mail says it is."""
        with self.app.app_context():
            return message_ids.read(mail["Message-ID"])

    def row(self, number: int) -> Delivery:
        with self.app.app_context():
            return db.session.get_one(Delivery, number)

    def set(self, number: int, **columns: Any) -> None:
        with self.app.app_context(), change() as session:
            for name, value in columns.items():
                setattr(session.get_one(Delivery, number), name, value)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def new_office(app: Flask, port: int) -> Iterator[Callable[..., Office]]:
    """Make the application with mail set up on the test's port."""
    made = []

    def make(timeout: float = 5, **settings: str) -> Office:
        settings = {
            "MAIL_SERVER": "127.0.0.1",
            "MAIL_PORT": str(port),
            "MAIL_USE_TLS": "no",
            "MAIL_DEFAULT_SENDER": "support@firma.example",
            **settings,
        }
        config = configuration(app.config["SQLALCHEMY_DATABASE_URI"], **settings)
        made.append(create_app({**config, "MAIL_TIMEOUT": timeout}))
        made[-1].test_client_class = app.test_client_class
        return Office(made[-1])

    yield make
    for other in made:
        with other.app_context():
            db.engine.dispose()


@pytest.fixture
def office(new_office: Callable[..., Office]) -> Office:
    return new_office()


@pytest.fixture
def serve(port: int) -> Iterator[Callable[..., Mailbox]]:
    """Start a mail server on the test's port."""
    running = []

    def start(mailbox: Mailbox | None = None, **options: Any) -> Mailbox:
        mailbox = mailbox or Mailbox()
        controller = Controller(mailbox, hostname="127.0.0.1", port=port, **options)
        controller.start()
        running.append(controller)
        return mailbox

    yield start
    for controller in running:
        controller.stop()


@pytest.fixture
def log_lines() -> Iterator[list[str]]:
    """What the program writes into its log."""
    lines: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler = Lines(logging.DEBUG)
    log = logging.getLogger("console")
    log.addHandler(handler)
    yield lines
    log.removeHandler(handler)


def server_context(folder: Any) -> ssl.SSLContext:
    """The TLS of a server that signed its certificate itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context
