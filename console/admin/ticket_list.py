"""What a list of tickets is asked for by its address, and the words and columns that it has."""

from collections.abc import Sequence
from functools import cache, partial
from typing import Any

from flask import current_app, g, request
from flask_admin.model.base import ViewArgs
from flask_babel import lazy_gettext as _

from console import clock
from console.admin import kept
from console.admin.bulk_actions import ACTIONS
from console.admin.ticket_filters import FILTERS
from console.admin.views import RuledView
from console.extensions import db
from console.language import choose, speaking
from console.login.sessions import me
from console.tickets import hits, listing, queries, ready, refresh
from console.tickets.listing import Listing
from console.words import CHANNEL, MOVE, PRIORITY, STATUS, TABS, TURN

# The counts hold until the state is another; but a change by hand, past the program, tells nobody.
TABS_KEPT = 60


class TicketList(RuledView):
    """The list of tickets as its address describes it; its pages are in the classes above."""

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

    def get_query(self) -> Any:
        return queries.visible_to(me())

    def init_search(self) -> bool:
        return True

    def asked(self, args: ViewArgs) -> Listing:
        """What the address asks for; `args` are its parts."""
        column = self._get_column_by_idx(args.sort)
        sort = column[0] if column else None
        tab = self.tab()
        # What is due comes in the order in which it is, and everything else newest first.
        by_due = sort is None and tab in (ready.DUE, ready.PUT_ASIDE)
        return Listing(
            actor=me(),
            tab=tab,
            conditions=[
                self._filters[index].condition(value) for index, _n, value in args.filters or []
            ],
            search=args.search or "",
            sort="due_at" if by_due else sort or "id",
            descending=False if by_due else bool(args.sort_desc) if sort else True,
            page=args.page,
            size=self.get_safe_page_size(args.page_size),
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

    def state(self) -> refresh.State:
        """How the tickets stand, in the words of this page's language.

        Read once a request, before anything else of the list.
        """
        if "state" not in g:
            now = refresh.state(db.session(), me(), current_app.config["TIMEZONE"])
            g.state = refresh.State(f"{now.tag}-{choose()}", now.newest)
        return g.state

    def counts(self) -> dict[str, int]:
        """How many tickets each ready view has, counted again when something has changed."""
        return kept.counted(
            ("tabs", self.state().tag),
            TABS_KEPT,
            lambda: ready.counts(db.session(), me(), current_app.config["TIMEZONE"]),
        )

    def shown(self) -> tuple[str, ...]:
        """The columns that are shown, in the order in which they always stand."""
        wanted = request.args.get("cols", "").split(",")
        chosen = [name for name in self.column_list if name in wanted]
        return (*self.ALWAYS, *(chosen or self.USUAL))

    def row_words(self, search: str | None, ids: Sequence[int]) -> dict[str, Any]:
        """What rows are drawn with: words, columns, and where the search has its hits."""
        pieces = hits.snippets(db.session(), me(), ids, search) if search else {}
        return {
            "shown": self.shown(),
            "now": clock.now(),
            "mark": partial(hits.mark_hits, question=search) if search else None,
            "pieces": pieces,
            **words_of_the_list(choose()),
        }


@cache
def words_of_the_list(language: str) -> dict[str, Any]:
    """The words of the list in that language, looked up once a process."""
    with speaking(language):
        return {
            "tabs": {key: str(name) for key, name in TABS.items()},
            "columns": {
                name: str(TicketList.column_labels[name]) for name in TicketList.column_list
            },
            "actions": [(name, str(it.label)) for name, it in ACTIONS.items() if it.offered],
            "names": {status: str(name) for status, name in STATUS.items()},
            "moves": [(status.value, str(name)) for status, name in MOVE.items()],
            "priorities": {int(priority): str(name) for priority, name in PRIORITY.items()},
            "turns": {side: str(name) for side, name in TURN.items()},
            "channels": {channel: str(name) for channel, name in CHANNEL.items()},
        }
