"""The pages that make bench measures, and what each may cost."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask

from console.models import SavedView
from console.tickets import listing, ready
from tests.bench_client import Client
from tests.bench_fill import DAYS
from tests.bench_words import COMMON, MIDDLING, PART, RARE

# Multiples of the floor with up to 100 000 tickets, and with more.
Limit = tuple[float, float]
LIST, NARROWED, SELDOM, OFTEN = (3.5, 3.5), (4, 4), (4, 6), (6, 8)
TICKET, LONG_TICKET, OWN, CREATED = (4, 4), (6, 6), (2.5, 2.5), (6, 6)
WORKER, REQUESTER = "drift 1", "bruker 1"


@dataclass(frozen=True)
class Page:
    """One that is measured: its address, who asks, and its limit in multiples of the floor."""

    name: str
    path: str
    limit: Limit | None = None
    who: str = WORKER
    is_form: bool = False
    # Asked for again by one who has it: the answer is 304 when nothing has changed.
    is_kept: bool = False

    def asker(self, client: Client) -> Callable[[], float]:
        """A function that asks for it and answers how long that took.

        Raises LookupError when there is no such page.
        """
        if self.is_form:
            return creator(client, self.path)
        client.send("GET", self.path)
        if client.status != 200 or (self.is_kept and "ETag" not in client.headers):
            raise LookupError(f"{client.status} from {self.path}")
        expected = 304 if self.is_kept else 200

        def ask() -> float:
            more = {}
            if self.is_kept:  # what it is now; a ticket may have come since
                client.send("GET", self.path)
                more = {"If-None-Match": client.headers["ETag"]}
            start = time.perf_counter()
            client.send("GET", self.path, more=more)
            took = time.perf_counter() - start
            if client.status != expected:
                raise RuntimeError(f"{client.status} from {self.path}")
            return took

        return ask


_sent = count(1)


def creator(client: Client, path: str) -> Callable[[], float]:
    """A function that sends the form of a new ticket and answers how long that took."""
    token = client.token(path)

    def send() -> float:
        title = f"Ny sak {next(_sent)}"
        form = {"title": title, "description": f"{title}: skjermen er svart.", "csrf_token": token}
        body = urlencode(form)
        start = time.perf_counter()
        client.send("POST", path, body)
        took = time.perf_counter() - start
        if client.status != 303:
            raise RuntimeError(f"POST {path}: {client.status}")
        return took

    return send


def pages(app: Flask, size: int, short: int, long: int) -> list[Page]:
    """All that is measured in an office of that size; two of its tickets are given."""
    every = ready.ALL
    address = Addresses(app)
    deep = min(500, size // 20 - 1)
    found = {
        "rare": (RARE, SELDOM),
        "middling": (MIDDLING, SELDOM),
        "common": (COMMON, OFTEN),
        "two words": (f"skjerm {COMMON}", OFTEN),
        "part of a compound": (PART, OFTEN),
        "number": (str(size // 2), SELDOM),
    }
    return [
        *(Page(f"view: {tab}", address(tab), LIST) for tab in ready.TABS),
        *(
            Page(f"sort: {sort}{' ↓' if down else ' ↑'}", address(every, sort, down), LIST)
            for sort in listing.SORTS
            for down in (True, False)
        ),
        *(
            Page(f"filter: {', '.join(values)}", address(every, filters=values), NARROWED)
            for values in FILTERED
        ),
        Page("page 501, or the last", address(every) + f"&page={deep}", NARROWED),
        Page("the last page", address(every) + "&end=1", NARROWED),
        *(
            Page(f"search: {name}", address(every) + f"&search={quote(words)}", limit)
            for name, (words, limit) in found.items()
        ),
        *(
            Page(
                f"search: {name}, best first",
                address(every) + f"&search={quote(found[name][0])}&best=1",
                found[name][1],
            )
            for name in ("rare", "common")
        ),
        Page("ticket, 10 messages", f"/admin/tickets/{short}", TICKET),
        Page("ticket, 500 messages", f"/admin/tickets/{long}", LONG_TICKET),
        Page("the day at a glance", "/admin/"),
        Page("people for a call", "/admin/people/?q=bru"),
        Page("list, nothing new", "/admin/tickets/pulse?tab=unassigned", is_kept=True),
        Page("export, 10 000 rows or all", address.export(size)),
        Page("requester's list", "/tickets/", OWN, REQUESTER),
        Page("requester's new ticket, sent", "/tickets/new", CREATED, REQUESTER, is_form=True),
    ]


def in_every_order(app: Flask) -> list[Page]:
    """Each view in each order that is offered."""
    address = Addresses(app)
    return [
        Page(f"{tab}, {sort}{'↓' if down else '↑'}", address(tab, sort, down))
        for tab in ready.TABS
        for sort in listing.SORTS
        for down in (True, False)
    ]


EXPORTED = 10_000
FILTERED = (
    {"assignee": "me", "created_from": "2026-01-01"},
    {"requester": "bruker 7"},
    {"category": "3"},
    {"organisation": "Kunde 7"},
    {"priority": "3"},
    {"channel": "phone"},
    {"tag": "vpn"},
    {"turn": "requester"},
)


class Addresses:
    """Addresses of the worker's list, made as the list makes those of its saved views."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.view: Any = next(
            v for v in app.extensions["admin"][0]._views if v.endpoint == "ticket"
        )

    def __call__(
        self,
        tab: str,
        sort: str | None = None,
        descending: bool = True,
        filters: dict[str, str] | None = None,
    ) -> str:
        asked = {"tab": tab, "sort": sort, "descending": descending, "filters": filters}
        with self.app.test_request_context("/admin/tickets/"):
            return str(self.view.address(SavedView(asked=asked)))

    def export(self, size: int) -> str:
        """The address of the newest 10 000 as CSV."""
        days = DAYS * EXPORTED // size
        since = date.today() - timedelta(days=days)
        address = self(ready.ALL, filters={"created_from": since.isoformat()})
        return address.replace("/admin/tickets/?", "/admin/tickets/export/csv/?")
