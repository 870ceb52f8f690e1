"""Log lines: one a record, with the request's id, and nothing that a client can forge."""

import logging

from flask import g, has_request_context, request


class OneLine(logging.Formatter):
    """Writes the request's id into each line, and line breaks and control characters as \\x.."""

    def format(self, record: logging.LogRecord) -> str:
        record.request_id = g.get("request_id", "-") if has_request_context() else "-"
        record.address = request.remote_addr or "-" if has_request_context() else "-"
        message = record.getMessage()
        record.msg, record.args = (
            "".join(c if c.isprintable() else repr(c)[1:-1] for c in message),
            (),
        )
        return super().format(record)


def init_app() -> None:
    """Send the program's log to stderr, once however many applications are made."""
    log = logging.getLogger("console")
    if log.handlers:
        return
    handler = logging.StreamHandler()
    handler.setFormatter(
        OneLine("%(asctime)s %(levelname)s %(request_id)s %(address)s %(name)s %(message)s")
    )
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
