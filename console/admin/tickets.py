"""The worker's list of tickets, and the page of one."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any
from urllib.parse import urlencode

from flask import current_app, g, redirect, request
from flask_admin import expose
from flask_babel import get_locale
from flask_babel import lazy_gettext as _
from werkzeug.datastructures import MultiDict

from console import clock
from console.admin.bulk import BulkPage
from console.admin.bulk_actions import ACTIONS
from console.admin.canned_page import CannedPage
from console.admin.capture import CapturePage
from console.admin.export import ExportPage
from console.admin.merge_page import MergePage
from console.admin.refresh import RefreshPage
from console.admin.ticket_filters import FILTERS
from console.admin.triage_page import TriagePage
from console.extensions import db
from console.login.sessions import me
from console.tickets import hits, listing, queries, ready
from console.tickets.listing import Listing
from console.words import CHANNEL, MOVE, PRIORITY, STATUS, TABS, TURN


# Flask-Admin's metaclass copies every inherited page into each class: those that change one come
# first, or another's copy would hide it.
class TicketView(BulkPage, ExportPage, CapturePage, RefreshPage, CannedPage, MergePage, TriagePage):
    """All tickets: sorted, filtered, searched, exported, and moved on from the row."""

    heading = _("Tickets")
    search_hint = _("Words, number, requester or organisation")
    list_template = "admin/tickets.html"
    can_export = True
    kept_args = ("tab", "cols", "view", "best")

    column_list = (
        "id", "title", "requester", "organisation", "priority", "turn", "status", "assignee",
        "category", "tags", "channel", "due_at", "created_at", "updated_at"
    )  # fmt: skip
    column_labels = {
        "id": _("No."),
        "title": _("Title"),
        "requester": _("Requester"),
        "organisation": _("Organisation"),
        "priority": _("Priority"),
        "turn": _("Turn"),
        "status": _("Status"),
        "assignee": _("Handler"),
        "category": _("Category"),
        "tags": _("Tags"),
        "channel": _("Came in by"),
        "due_at": _("Due"),
        "created_at": _("Created"),
        "updated_at": _("Last touched"),
    }
    # Shown unless one chooses others; number and title always are.
    ALWAYS = ("id", "title")
    USUAL = ("requester", "organisation", "priority", "turn", "status", "assignee", "updated_at")
    column_sortable_list = tuple((name, name) for name in listing.SORTS)
    column_filters = FILTERS

    # --- the list

    def get_query(self) -> Any:
        return queries.visible_to(me())

    def init_search(self) -> bool:
        return True

    def asked(
        self, page: Any, sort: Any, descending: bool, search: Any, filters: Any, size: Any
    ) -> Listing:
        """What the address asks for."""
        tab = self.tab()
        # What is due comes in the order in which it is, and everything else newest first.
        by_due = sort is None and tab in (ready.DUE, ready.PUT_ASIDE)
        return Listing(
            actor=me(),
            tab=tab,
            conditions=[
                self._filters[index].condition(value) for index, _n, value in filters or []
            ],
            search=search or "",
            sort="due_at" if by_due else sort or "id",
            descending=False if by_due else descending if sort else True,
            page=page or 0,
            size=size or self.page_size,
            count=self.counts().get(tab),
            timezone=current_app.config["TIMEZONE"],
            best="best" in request.args,
        )

    def tab(self) -> str:
        """The view asked for; at first what nobody has taken, but a search is in all of them."""
        asked = request.args.get("tab", "")
        if asked in TABS:
            return asked
        looks_for_something = request.args.get("search") or any(
            value for name, value in request.args.items() if name.startswith("flt")
        )
        return ready.ALL if looks_for_something else ready.UNASSIGNED

    def counts(self) -> dict[str, int]:
        """How many tickets each ready view has; read once a request."""
        if "counts" not in g:
            g.counts = ready.counts(db.session(), me(), current_app.config["TIMEZONE"])
        return g.counts

    @expose("/")
    def index_view(self) -> Any:
        """The list: counted to a cap, found by an index, no description read.

        Not Flask-Admin's own, which counts, makes forms and draws every filter on each page.
        """
        if "col" in request.args:
            return self.with_columns()
        state = self.state()  # first: what changes meanwhile is then told twice, and not never
        args = self._get_list_extra_args()
        column = self._get_column_by_idx(args.sort)
        size = self.get_safe_page_size(args.page_size)
        asked = self.asked(
            args.page, column and column[0], args.sort_desc, args.search, args.filters, size
        )
        from_end = "end" in request.args and asked.has_end
        asked = replace(asked, from_end=from_end)
        found = listing.page(db.session(), asked, tagged="tags" in self.shown())
        address = Address(self.get_url(".index_view"), request.args)
        return self.render(
            self.list_template,
            data=found.rows,
            has_next=found.has_next,
            page=args.page,
            page_size=size,
            pager_url=address.page,
            from_end=from_end,
            end_url=None if from_end or not asked.has_end else address.with_end(),
            start_url=address.without("end"),
            sort_url=address.sort,
            sort_column=args.sort if column else None,
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
            return_url=address.path,
            tab=asked.tab,
            counts=self.counts(),
            state=state,
            pulse_url=Address(self.get_url(".pulse"), request.args).path,
            saved=self.saved_views(),
            view=request.args.get("view", type=int),
            export_max=self.export_max_rows,
            keep_url=Address(self.get_url(".keep_view"), request.args).path,
            export_urls={
                kind: Address(self.get_url(".export", export_type=kind), request.args).path
                for kind in ("csv", "xlsx")
            },
            newest_url=address.without("best"),
            everywhere_url=address.without("tab", "view") + "&tab=all",
            best_url=address.without("best", "sort", "desc") + "&best=1",
            **self.row_words(args.search, [row.id for row in found.rows]),
        )

    def row_words(self, search: str | None, ids: Sequence[int]) -> dict[str, Any]:
        """What rows are drawn with: words, columns, and where the search has its hits."""
        pieces = hits.snippets(db.session(), me(), ids, search) if search else {}
        return {
            "shown": self.shown(),
            "now": clock.now(),
            "mark": partial(hits.mark_hits, question=search) if search else None,
            "pieces": pieces,
            **words_of_the_list(str(get_locale())),
        }

    def with_columns(self) -> Any:
        """The same list with the columns that were ticked, as one word of the address."""
        cols = ",".join(request.args.getlist("col"))[:200]
        address = Address(self.get_url(".index_view"), request.args)
        return redirect(f"{address.without('col')}&{urlencode({'cols': cols}, safe=',')}", 302)

    def shown(self) -> tuple[str, ...]:
        """The columns that are shown, in the order in which they always stand."""
        wanted = request.args.get("cols", "").split(",")
        chosen = [name for name in self.column_list if name in wanted]
        return (*self.ALWAYS, *(chosen or self.USUAL))

    def listed(self) -> Listing:
        args = self._get_list_extra_args()
        column = self._get_column_by_idx(args.sort)
        return self.asked(0, column and column[0], args.sort_desc, args.search, args.filters, None)


@cache
def words_of_the_list(language: str) -> dict[str, Any]:
    """The words of the list in the language that is spoken now, looked up once a process."""
    return {
        "tabs": {key: str(name) for key, name in TABS.items()},
        "columns": {name: str(TicketView.column_labels[name]) for name in TicketView.column_list},
        "actions": [(name, str(it.label)) for name, it in ACTIONS.items() if it.offered],
        "names": {status: str(name) for status, name in STATUS.items()},
        "moves": [(status.value, str(name)) for status, name in MOVE.items()],
        "priorities": {int(priority): str(name) for priority, name in PRIORITY.items()},
        "turns": {side: str(name) for side, name in TURN.items()},
        "channels": {channel: str(name) for channel, name in CHANNEL.items()},
    }


class Address:
    """The address of the list that is shown, with something in it changed."""

    def __init__(self, path: str, args: MultiDict[str, str]) -> None:
        self.start = path
        self.args = [(k, v) for k, v in args.items() if k != "page"]
        self.path = self._with(self.args)
        kept = [(k, v) for k, v in self.args if k not in ("sort", "desc")]
        self.unsorted = self._with(kept)

    def _with(self, args: list[tuple[str, Any]]) -> str:
        return f"{self.start}?{urlencode(args)}"

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
