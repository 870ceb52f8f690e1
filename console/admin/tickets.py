"""The worker's list of tickets, and the page of one."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import redirect, request
from flask_admin import expose
from werkzeug.datastructures import MultiDict

from console.admin.bulk import BulkPage
from console.admin.canned_page import CannedPage
from console.admin.capture import CapturePage
from console.admin.delivery_page import DeliveryPage
from console.admin.export import ExportPage
from console.admin.merge_page import MergePage
from console.admin.refresh import RefreshPage
from console.admin.triage_page import TriagePage
from console.admin.undo_page import UndoPage
from console.extensions import db
from console.tickets import listing


# Flask-Admin's metaclass copies every inherited page into each class: those that change one come
# first, or another's copy would hide it.
class TicketView(
    BulkPage,
    ExportPage,
    CapturePage,
    RefreshPage,
    CannedPage,
    MergePage,
    DeliveryPage,
    TriagePage,
    UndoPage,
):
    """All tickets: sorted, filtered, searched, exported, and moved on from the row."""

    @expose("/")
    def index_view(self) -> Any:
        """The list: counted to a cap, found by an index, no description read.

        Not Flask-Admin's own, which counts, makes forms and draws every filter on each page.
        """
        if "col" in request.args:
            return self.with_columns()
        state = self.state()  # first: what changes meanwhile is then told twice, and not never
        args = self._get_list_extra_args()
        asked = self.asked(args)
        from_end = "end" in request.args and asked.has_end
        asked = replace(asked, from_end=from_end)
        found = listing.page(db.session(), asked, self.shown())
        address = Address(self.get_url(".index_view"), request.args)
        return self.render(
            self.list_template,
            data=found.rows,
            has_next=found.has_next,
            page=args.page,
            page_size=asked.size,
            pager_url=address.page,
            from_end=from_end,
            end_url=None if from_end or not asked.has_end else address.with_end(),
            sort_url=address.sort,
            sort_column=args.sort,
            sort_desc=args.sort_desc,
            sortable_columns=self._sortable_columns,
            newest_first=asked.by_number and asked.descending,
            search=args.search,
            search_supported=True,
            clear_search_url=address.without("search", "flt", "filters", "best", "view"),
            filters=self._filters if args.filters or "filters" in request.args else None,
            filters_on_demand=True,
            active_filters=args.filters,
            extra_args=args.extra_args,
            address=address,
            return_url=address.path,
            tab=asked.tab,
            counts=self.counts(),
            state=state,
            pulse_url=address.of(self.get_url(".pulse")),
            saved=self.saved_views(),
            view=request.args.get("view", type=int),
            export_max=self.export_max_rows,
            keep_url=address.of(self.get_url(".keep_view")),
            export_urls={
                kind: address.of(self.get_url(".export", export_type=kind))
                for kind in ("csv", "xlsx")
            },
            **self.row_words(args.search, [row.id for row in found.rows]),
        )

    def with_columns(self) -> Any:
        """The same list with the columns that were ticked, as one word of the address."""
        cols = ",".join(request.args.getlist("col"))[:200]
        address = Address(self.get_url(".index_view"), request.args)
        return redirect(f"{address.without('col')}&{urlencode({'cols': cols}, safe=',')}", 302)


class Address:
    """The address of the list that is shown, with something in it changed."""

    def __init__(self, path: str, args: MultiDict[str, str]) -> None:
        self.start = path
        self.args = [(k, v) for k, v in args.items() if k != "page"]
        self.query = urlencode(self.args)
        self.path = self.of(path)
        kept = [(k, v) for k, v in self.args if k not in ("sort", "desc")]
        self.unsorted = self._with(kept)

    def _with(self, args: list[tuple[str, Any]]) -> str:
        return f"{self.start}?{urlencode(args)}"

    def of(self, path: str) -> str:
        """Something else that is asked for with the same words."""
        return f"{path}?{self.query}"

    def page(self, number: int) -> str:
        """Another page of it."""
        return f"{self.path}&page={number}" if number else self.path

    def sort(self, index: int, invert: bool = False) -> str:
        """In the order of that column; the other way when it is in that order already."""
        backwards = "&desc=1" if invert and "desc" not in dict(self.args) else ""
        return f"{self.unsorted}&sort={index}{backwards}"

    def with_end(self) -> str:
        """The last page of it."""
        return f"{self.without('end')}&end=1"

    def without(self, *names: str) -> str:
        """Without those whose names begin so."""
        return self._with([(k, v) for k, v in self.args if not k.startswith(names)])
