"""The list that stays open: a short question, answered by 304 as long as nothing has changed."""

from typing import Any

from flask import jsonify, render_template, request
from flask_admin import expose
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from console.admin.saved_views import SavedViewsPage
from console.extensions import db
from console.models import ID_MAX, row_number
from console.tickets import listing, refresh
from console.tickets.queries import COUNT_MAX

# As many rows as a page of the list has at the most.
SHOWN_MAX = 100


class RefreshPage(SavedViewsPage):
    """What a page of the list asks for every few seconds."""

    @expose("/pulse")
    def pulse(self) -> Any:
        """What has changed since the list was drawn; 304 without a word if nothing has."""
        tag = self.state().tag
        unchanged = request.if_none_match.contains_weak(tag)
        answer = Response(status=304) if unchanged else jsonify(self.changes())
        answer.set_etag(tag, weak=True)  # a proxy that compresses would make it weak anyway
        return answer

    def changes(self) -> dict[str, Any]:
        """The counts, how many are new, and the rows that are shown as they are now."""
        args, session = self._get_list_extra_args(), db.session()
        asked = self.asked(args)
        shown = numbers(request.args.get("ids", ""))
        words = self.row_words(args.search, shown)
        newest = request.args.get("newest", type=int)
        found = listing.rows(session, shown, words["shown"])
        new = 0
        if not asked.search:
            newest = None if newest is None else min(max(newest, 0), ID_MAX)
            new = refresh.count_new(session, asked, shown=shown, newest=newest)
        counts: dict[str, int | None] = dict(self.counts())
        counts |= {f"view-{each['view'].id}": each["count"] for each in self.saved_views()}
        return {
            "counts": {name: capped(n) for name, n in counts.items() if n is not None},
            "news": news(new),
            "rows": render_template("admin/_rows.html", data=found, **words),
            "gone": refresh.gone(session, asked, shown),
        }


def numbers(text: str) -> list[int]:
    """The tickets' numbers in the address; what is none is passed over."""
    parts = text[: 12 * SHOWN_MAX].split(",")[:SHOWN_MAX]
    return [number for number in dict.fromkeys(map(row_number, parts)) if number]


def capped(number: int) -> str:
    """The count as the tabs say it."""
    return str(number) if number < COUNT_MAX else f"{COUNT_MAX - 1}+"


def news(number: int) -> str:
    """What the bar above the list says of new tickets."""
    if not number:
        return ""
    if number >= COUNT_MAX:
        return gettext("More than %(most)d new tickets – show them", most=COUNT_MAX - 1)
    return ngettext("%(num)d new ticket – show it", "%(num)d new tickets – show them", number)
