"""The SMTP connection, with the server's certificate checked, kept open for the next mail."""

import smtplib
import time
from typing import Any

from flask import current_app
from flask_mailman import EmailMessage
from flask_mailman.backends.smtp import EmailBackend

# After a server could not be reached the next mails do not each wait for it.
DOWN_SECONDS = 30
# Servers end a connection after a number of mails, or when nothing is said for a while.
MAILS_MAX = 50


# A server may look a mail over for long before it says that it takes it (RFC 5321, 4.5.3.2.6). Who
# hangs up earlier has sent it, does not know it, and sends it again.
LOOKED_OVER = 60


class Connection(smtplib.SMTP):
    """One that is patient once the server has the whole mail."""

    def data(self, msg: Any) -> tuple[int, bytes]:
        assert self.sock
        self.sock.settimeout(max(LOOKED_OVER, self.timeout))
        try:
            return super().data(msg)
        finally:
            if self.sock:
                self.sock.settimeout(self.timeout)


class CheckedEmailBackend(EmailBackend):
    """Flask-Mailman's SMTP backend, but STARTTLS verifies the certificate.

    Flask-Mailman 1.1.1 calls starttls() without a context: it takes any certificate.
    """

    connection: Connection | None

    def open(self) -> bool:
        if self.connection:
            return False
        connection = self.connection = Connection(self.host, self.port, timeout=self.timeout)
        try:
            if self.use_tls:
                connection.starttls(context=self.ssl_context)
            if self.username and self.password:
                connection.login(self.username, self.password)
        except Exception:
            self.hang_up()
            raise
        return True

    def hang_up(self) -> None:
        """End the connection without a word: one that has failed may not listen any more."""
        if self.connection:
            self.connection.close()
            self.connection = None


class Line:
    """A worker's connection to the mail server, opened when needed and kept for the next mail."""

    def __init__(self) -> None:
        self.backend: CheckedEmailBackend | None = None
        self.sent = 0
        self.down: Exception | None = None
        self.down_until = 0.0

    def send(self, mail: EmailMessage) -> None:
        """Send one mail; it has left when this returns. Raises what smtplib raises."""
        backend = self._open()
        try:
            backend.send_messages([mail])
        except BaseException:
            self.close()
            raise
        self.sent += 1

    def close(self) -> None:
        """Hang up, without waiting for the other side."""
        if self.backend:
            self.backend.hang_up()
        self.backend = None

    def _open(self) -> CheckedEmailBackend:
        if self.down and time.monotonic() < self.down_until:
            raise self.down.with_traceback(None)  # or it would grow by a frame each time
        if self.backend and (self.sent >= MAILS_MAX or not self._is_alive(self.backend)):
            self.close()
        if self.backend is None:
            self.sent = 0
            backend = current_app.extensions["mailman"].get_connection()
            try:
                backend.open()
            except (OSError, smtplib.SMTPException) as error:
                self.down, self.down_until = error, time.monotonic() + DOWN_SECONDS
                raise
            self.down, self.backend = None, backend
        return self.backend

    def _is_alive(self, backend: CheckedEmailBackend) -> bool:
        try:
            return bool(backend.connection and backend.connection.noop()[0] == 250)
        except (OSError, smtplib.SMTPException):
            return False
