"""The application with a mail server, as the tests of messages have it."""

from tests.notify.conftest import log_lines, new_office, office, port, serve

__all__ = ["log_lines", "new_office", "office", "port", "serve"]
