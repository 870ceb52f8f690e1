"""The SMTP connection, with the server's certificate checked."""

import smtplib

from flask_mailman import EmailMessage
from flask_mailman.backends.smtp import EmailBackend


class CheckedEmailBackend(EmailBackend):
    """Flask-Mailman's SMTP backend, but STARTTLS verifies the certificate.

    Flask-Mailman 1.1.1 calls starttls() without a context: it takes any certificate.
    """

    connection: smtplib.SMTP | None

    def open(self) -> bool:
        if self.connection:
            return False
        connection = self.connection = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        try:
            if self.use_tls:
                connection.starttls(context=self.ssl_context)
            if self.username and self.password:
                connection.login(self.username, self.password)
        except Exception:
            self.close()
            raise
        return True

    def send_messages(self, messages: list[EmailMessage]) -> int:
        """Send them, and hang up whatever comes of it: Flask-Mailman leaves a refused line open."""
        try:
            return int(super().send_messages(messages) or 0)
        finally:
            if self.connection:
                self.connection.close()
                self.connection = None
