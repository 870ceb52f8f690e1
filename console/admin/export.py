"""Exports that a spreadsheet opens right and that cannot start a formula in it."""

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Any

from flask import Response, stream_with_context
from flask_babel import format_datetime, get_locale

from console import clock
from console.extensions import db
from console.tickets import listing
from console.words import CHANNEL, PRIORITY, STATUS

CHUNK = 500
# A cell that begins like this is a formula to Excel, LibreOffice or Google; also full-width.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe(value: Any) -> str:
    """The value as text that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    text = "".join(c for c in text if c >= " " or c in "\t\r\n")
    return f"'{text}" if text.lstrip(' "').startswith(FORMULA) or text.startswith(FORMULA) else text


def stream_csv(ids: list[int], columns: dict[str, str]) -> Response:
    """The tickets of these ids, read and sent in stretches, however many there are.

    With a mark that says UTF-8, and with the semicolon that Excel expects in Norwegian.
    """
    delimiter = ";" if str(get_locale()) == "nb" else ","

    def lines() -> Iterator[str]:
        buffer = StringIO()
        writer = csv.writer(buffer, delimiter=delimiter)
        buffer.write("\ufeff")
        writer.writerow(columns.values())
        for start in range(0, len(ids), CHUNK):
            for row in listing.rows(db.session(), ids[start : start + CHUNK]):
                writer.writerow(safe(_shown(row, name)) for name in columns)
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
        yield buffer.getvalue()

    name = f"saker-{clock.now():%Y-%m-%d}.csv"
    return Response(
        stream_with_context(lines()),
        mimetype="text/csv",
        headers={"Content-Disposition": f"attachment; filename={name}"},
    )


def _shown(row: Any, name: str) -> Any:
    value = getattr(row, name)
    if name == "status":
        return STATUS[value]
    if name == "priority":
        return PRIORITY[value]
    if name == "channel":
        return CHANNEL[value]
    if value is not None and name.endswith("_at"):
        return format_datetime(value, "yyyy-MM-dd HH:mm")
    return value
