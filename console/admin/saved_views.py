"""The doors of saved views: keep the list as it is now, open it again, delete it."""

from typing import Any

from flask import current_app, flash, redirect, request
from flask_admin import expose
from flask_babel import gettext

from console.admin import kept
from console.admin.ticket_list import TicketList
from console.extensions import db
from console.login.sessions import me
from console.models import ID_MAX, SavedView
from console.refusals import Refusal
from console.tickets import listing, views
from console.tickets.listing import Listing
from console.transaction import change
from console.words import TABS

# A saved view is any list somebody thought of, so its count may take a moment: it is looked up
# at most this often, in seconds.
VIEW_KEPT = 20


class SavedViewsPage(TicketList):
    """What a list needs to be kept under a name."""

    def kept(self) -> dict[str, Any]:
        """What the address asks for, by the names of things."""
        args = self._get_list_extra_args()
        column = self._get_column_by_idx(args.sort)
        return {
            "tab": self.tab(),
            "search": args.search,
            "filters": {
                self._filters[index].key: value
                for index, _name, value in args.filters or []
                if self._filters[index].validate(value)
            },
            "sort": column[0] if column else None,
            "descending": bool(args.sort_desc),
            "cols": (args.extra_args.get("cols") or "")[:200] or None,
            "best": 1 if args.extra_args.get("best") else None,
        }

    def address(self, view: SavedView) -> str:
        """The address of the list as the view has it. What is not known any more is left out."""
        asked = view.asked
        names = [name for name, _label in self._list_columns]
        query: dict[str, Any] = {
            "tab": asked.get("tab"),
            "search": asked.get("search"),
            "cols": asked.get("cols"),
            "best": asked.get("best"),
            "view": view.id,
        }
        if asked.get("sort") in names:
            query |= {
                "sort": names.index(asked["sort"]),
                "desc": 1 if asked.get("descending") else None,
            }
        filters = asked.get("filters") or {}
        places = {each.key: index for index, each in enumerate(self._filters)}
        for number, (key, value) in enumerate(
            (key, value) for key, value in filters.items() if key in places
        ):
            query[f"flt{number}_{places[key]}"] = value
        return self.get_url(".index_view", **{k: v for k, v in query.items() if v is not None})

    def saved_views(self) -> list[dict[str, Any]]:
        """The views to be shown above the list, with their counts."""
        return [
            {
                "view": view,
                "address": self.address(view),
                "count": self.count(view),
                "mine": view.owner_id == me().id,
            }
            for view in views.visible(db.session(), me())
        ]

    def count(self, view: SavedView) -> int | None:
        """How many tickets the view has; None where a search would have to find them all."""
        asked = view.asked
        if asked.get("search"):
            return None
        return kept.counted(
            ("view", view.id, view.updated_at, me().id),
            VIEW_KEPT,
            lambda: listing.count(db.session(), self.listing_of(asked)),
        )

    def listing_of(self, asked: dict[str, Any]) -> Listing:
        """The tickets of a saved view, in no order."""
        known = {each.key: each for each in self._filters}
        return Listing(
            me(),
            tab=asked["tab"] if asked.get("tab") in TABS else "all",
            conditions=[
                known[name].condition(value)
                for name, value in (asked.get("filters") or {}).items()
                if name in known and known[name].validate(value)
            ],
            timezone=current_app.config["TIMEZONE"],
        )

    @expose("/views", methods=["POST"])
    def keep_view(self) -> Any:
        """Keep the list whose address stands behind the form's."""
        try:
            with change() as session:
                view = views.keep(
                    session,
                    me(),
                    name=request.form.get("name", ""),
                    shared="shared" in request.form,
                    asked=self.kept(),
                )
                there = self.address(view)
        except Refusal as refusal:
            if refusal.status == 403:
                raise
            flash(str(refusal), "error")
            return self.back(self.get_url(".index_view"))
        flash(gettext("The view %(name)s is saved.", name=view.name), "success")
        return redirect(there, 303)

    @expose("/views/<int:view_id>")
    def open_view(self, view_id: int) -> Any:
        return redirect(self.address(self.find_view(view_id)), 302)

    @expose("/views/<int:view_id>/delete", methods=["POST"])
    def remove_view(self, view_id: int) -> Any:
        with change() as session:
            view = views.get(session, me(), min(view_id, ID_MAX))
            name = view.name
            views.forget(session, me(), view)
        flash(gettext("The view %(name)s is deleted.", name=name), "success")
        return redirect(self.get_url(".index_view"), 303)

    def find_view(self, view_id: int) -> SavedView:
        return views.get(db.session(), me(), min(view_id, ID_MAX))
