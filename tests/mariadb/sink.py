"""A mail server that keeps what it takes, and does wrong as it is told."""

import asyncio
import email
import socket
from collections import Counter
from collections.abc import Callable
from email.policy import default as POLICY
from typing import NamedTuple

from aiosmtpd.controller import Controller

from tests.servers import free_port


class Kept(NamedTuple):
    """A mail that was taken."""

    message_id: str
    recipient: str
    subject: str


class Sink:
    """Listens at `port` between start() and stop()."""

    def __init__(self) -> None:
        self.port = free_port()
        self.controller: Controller | None = None
        self.hole: socket.socket | None = None
        self.reset()

    def reset(self) -> None:
        """Take all mails, and have none."""
        self.kept: list[Kept] = []
        # What is answered to mail for an address, one after the other, and then 250.
        self.answers: dict[str, list[str]] = {}
        # So many connections are ended: with a 421, and when a mail is taken, before that is said.
        self.goodbyes = self.cuts = 0
        self.delay = 0.0
        # Called when a mail is taken, before that is said.
        self.taken: Callable[[Kept], object] = lambda _kept: None

    def start(self) -> None:
        """Serve."""
        self.stop()
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    def stop(self) -> None:
        """Refuse every connection."""
        if self.hole:
            self.hole.close()
        if self.controller:
            self.controller.stop()
        self.hole = self.controller = None

    def say_nothing(self) -> None:
        """Take connections and be silent."""
        self.stop()
        self.hole = socket.create_server(("127.0.0.1", self.port), backlog=50)

    def copies(self) -> Counter[str]:
        """How often each mail was taken, by its Message-ID."""
        return Counter(kept.message_id for kept in self.kept)

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.goodbyes:
            self.goodbyes -= 1
            asyncio.get_running_loop().call_later(0.05, server.transport.close)
            return "421 4.3.2 Going down"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        answers = self.answers.get(address)
        answer = answers.pop(0) if answers else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=POLICY)
        self.kept += [
            Kept(mail["Message-ID"], who, str(mail["Subject"])) for who in envelope.rcpt_tos
        ]
        self.taken(self.kept[-1])
        await asyncio.sleep(self.delay)
        if self.cuts:
            self.cuts -= 1
            server.transport.abort()
        return "250 OK"
