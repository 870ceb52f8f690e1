"""Exports of the worker's list that a spreadsheet opens right and that start no formula in it."""

import csv
import logging
import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, current_app, request
from flask_admin import expose
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from console import clock, faults
from console.admin import xlsx
from console.extensions import db
from console.language import office_day
from console.limits import Lease
from console.login.sessions import me
from console.models import User
from console.tickets import exporting, listing, policy
from console.tickets.errors import TicketError
from console.tickets.listing import Listing
from console.words import CHANNEL, PRIORITY, STATUS, TURN

log = logging.getLogger(__name__)

EXPORT_MAX = 100_000
RETRY_AFTER = "10"
# A cell that begins like this is a formula to Excel, LibreOffice or Google; also full-width.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Where a spreadsheet may cut a text, with a formula after it.
PIECE = re.compile(r"([;,\t|][\s\"']*)(?=[=+\-@＝＋－＠])")
# Blanks of all kinds, and signs that show nothing, before what would be a formula.
BLANKS = " \"'\u00a0\u200b\u200c\u200d\u2060\ufeff\u202f\u3000"
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Values = Sequence[str | int | datetime | None]


@dataclass(frozen=True)
class Column:
    """One column of the file: its heading, its width in a spreadsheet, and words for its codes."""

    heading: Any
    width: int
    words: dict[Any, Any] | None = None


# In the order of the file, which is that of the list.
COLUMNS = {
    "id": Column(_("No."), 9),
    "title": Column(_("Title"), 50),
    "requester": Column(_("Requester"), 22),
    "organisation": Column(_("Organisation"), 22),
    "priority": Column(_("Priority"), 10, PRIORITY),
    "turn": Column(_("Turn"), 14, TURN),
    "status": Column(_("Status"), 13, STATUS),
    "assignee": Column(_("Handler"), 22),
    "category": Column(_("Category"), 18),
    "tags": Column(_("Tags"), 22),
    "channel": Column(_("Came in by"), 14, CHANNEL),
    "waiting_until": Column(_("Waiting until"), 17),
    "due_at": Column(_("Due"), 17),
    "created_at": Column(_("Created"), 17),
    "updated_at": Column(_("Last touched"), 17),
    "closed_at": Column(_("Closed"), 17),
}
ALWAYS = ("id", "title")


def safe(value: Any) -> str:
    """The value as text that no spreadsheet takes for a formula."""
    text = CONTROL.sub("", "" if value is None else str(value))
    return (
        f"'{text}" if text.lstrip(BLANKS).startswith(FORMULA) or text.startswith(FORMULA) else text
    )


class ExportPage:
    """The list as a file, whole, one at a time for each account. Mixed in like BulkPage."""

    export_max_rows = EXPORT_MAX
    asked: Callable[..., Listing]  # the list's, and the next Flask-Admin's
    _get_list_extra_args: Callable[..., Any]

    def export_columns(self) -> Sequence[str]:
        """The names of the columns of the file: those chosen for the list, or all there are."""
        wanted = request.args.get("cols", "").split(",")
        chosen = [name for name in COLUMNS if name in (*ALWAYS, *wanted)]
        return chosen if len(chosen) > len(ALWAYS) else list(COLUMNS)

    @expose("/export/<export_type>/")
    def export(self, export_type: str) -> Any:
        """The list as it is asked for, as a file that is sent while it is read.

        X-Rows says how many rows it has, X-Stretch how many of them come at a time, and X-More
        that there would be more.
        """
        if export_type not in WRITERS:
            raise TicketError(gettext("There is no export of that kind."), status=404)
        lease = Lease(f"export:{me().id}")
        if not lease.hold():
            return faults.page(
                429,
                headline=gettext("One export at a time"),
                text=gettext("Your last export is still running. Try again when it is done."),
                headers={"Retry-After": RETRY_AFTER},
            )
        try:
            # Read as they come: the driver would otherwise keep all of them, as rows, at once.
            with Session(db.engine, execution_options={"yield_per": 1000}) as session:
                found = listing.find_ids(
                    session, self.asked(self._get_list_extra_args()), 0, self.export_max_rows + 1
                )
            ids = array("l", found[: self.export_max_rows])
            more = len(found) > len(ids)
            del found
            names = self.export_columns()
            chunks = WRITERS[export_type](names, Stretches(ids, names, lease))
        except BaseException:
            lease.free()
            raise
        response = Response(freeing(lease, chunks), mimetype=MIMETYPES[export_type])
        response.call_on_close(lease.free)  # a client may be gone before the first byte
        if request.method == "HEAD":  # Werkzeug closes only what it sends
            lease.free()
        name = f"saker-{office_day(clock.now())}.{export_type}"
        response.headers["Content-Disposition"] = f"attachment; filename={name}"
        response.headers["X-Rows"] = str(len(ids))
        response.headers["X-Stretch"] = str(exporting.STRETCH)
        if more:
            response.headers["X-More"] = "1"
        return response


class Stretches:
    """The rows as a file shows them, stretch by stretch: names for codes, the office's time.

    What needs the request is asked for at once; the rows are read when it is long over.
    """

    def __init__(self, ids: Sequence[int], names: Sequence[str], lease: Lease) -> None:
        self.ids, self.names, self.lease, self.engine = ids, names, lease, db.engine
        self.worker = me().id
        self.zone = ZoneInfo(current_app.config["TIMEZONE"])
        self.words = {
            name: {code: str(word) for code, word in (COLUMNS[name].words or {}).items()}
            for name in names
        }

    def __iter__(self) -> Iterator[list[Values]]:
        with Session(self.engine) as session:
            for rows in exporting.stretches(session, self.ids):
                yield [[self.shown(row, name) for name in self.names] for row in rows]
                if not self.lease.hold():
                    raise RuntimeError("away for so long that another export has begun")
                if not policy.may(session.get(User, self.worker), "see_all"):
                    raise RuntimeError("shut out while the export was on its way")
                session.rollback()

    def shown(self, row: Any, name: str) -> str | int | datetime | None:
        value = getattr(row, name)
        if value is None:
            return None
        if words := self.words[name]:
            return words[value]
        if name == "tags":
            value = ", ".join(value)
        if isinstance(value, datetime):
            return value.astimezone(self.zone).replace(tzinfo=None)
        return value if isinstance(value, int) else safe(value)


def freeing(lease: Lease, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks; when they end, or the client is gone, the account may export again."""
    try:
        yield from chunks
    finally:
        lease.free()


def headings(names: Sequence[str]) -> list[str]:
    """The first row of the file, in the language of the page."""
    return [str(COLUMNS[name].heading) for name in names]


def write_csv(names: Sequence[str], stretches: Stretches) -> Iterator[bytes]:
    """With a mark that says UTF-8, and with the semicolon that Excel expects in Norwegian."""
    delimiter = ";" if str(get_locale()) == "nb" else ","
    broken = gettext("This export broke off: rows are missing. Try again.")
    return csv_chunks(headings(names), stretches, delimiter, broken)


def csv_chunks(
    head: Sequence[str], stretches: Stretches, delimiter: str, broken: str
) -> Iterator[bytes]:
    """The bytes of the file. When it must break off it says so itself, in its last line.

    (The server ends the answer as if it were whole.)
    """
    buffer = StringIO()
    buffer.write("\ufeff")
    writer = csv.writer(buffer, delimiter=delimiter)
    writer.writerow(head)
    try:
        for rows in stretches:
            writer.writerows([in_csv(value) for value in row] for row in rows)
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    except Exception:
        log.exception("an export broke off")
        writer.writerow([broken])
    yield buffer.getvalue().encode()


def in_csv(value: str | int | datetime | None) -> str | int | None:
    """The value as CSV can have it.

    A spreadsheet of another language cuts the line at other signs than ours, quoted or not: no
    piece of a text may begin a formula either.
    """
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return PIECE.sub(r"\1'", value) if isinstance(value, str) else value


def write_xlsx(names: Sequence[str], stretches: Stretches) -> Iterator[bytes]:
    """One sheet; broken off it is no workbook, and a spreadsheet says so."""
    widths = [COLUMNS[name].width for name in names]
    return xlsx.workbook(gettext("Tickets"), headings(names), widths, stretches)


WRITERS: dict[str, Callable[..., Iterator[bytes]]] = {"csv": write_csv, "xlsx": write_xlsx}
MIMETYPES = {"csv": "text/csv", "xlsx": xlsx.MIMETYPE}
