"""The worker's list of tickets, and the page of one."""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import flash, g, request
from flask_admin import expose
from flask_admin.actions import action
from flask_admin.helpers import get_redirect_target
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select

from console import tickets
from console.admin.export import stream_csv
from console.admin.filters import Choice, Condition, Day, asked_by
from console.admin.forms import CallForm
from console.admin.ticket_page import TicketPage, seen_version, workers
from console.extensions import db
from console.login.sessions import me
from console.models import Channel, Status, Ticket, User
from console.portal import messages
from console.tickets import listing, queries, rules
from console.tickets.errors import TicketError
from console.tickets.listing import Listing
from console.transaction import change, unit
from console.words import MOVE, STATUS, TABS

BULK_MAX = 200
# What is asked before many are changed at once.
QUESTIONS: dict[str, Callable[[int], str]] = {
    "take": lambda n: ngettext("Take %(num)d ticket?", "Take %(num)d tickets?", n),
    "release": lambda n: ngettext(
        "Put %(num)d ticket back in the queue?", "Put %(num)d tickets back in the queue?", n
    ),
    "start": lambda n: ngettext(
        "Set %(num)d ticket to in progress?", "Set %(num)d tickets to in progress?", n
    ),
    "close": lambda n: ngettext("Close %(num)d ticket?", "Close %(num)d tickets?", n),
    "open": lambda n: ngettext("Open %(num)d ticket?", "Open %(num)d tickets?", n),
}
HANDLER_NONE, HANDLER_ME = "none", "me"


def handled_by(value: str) -> Any:
    if value == HANDLER_NONE:
        return Ticket.assignee_id.is_(None)
    return Ticket.assignee_id == (me().id if value == HANDLER_ME else int(value))


def handlers() -> list[tuple[str, str]]:
    """Nobody, me, and everybody who may be given tickets."""
    names = [(str(row.id), row.username) for row in workers()]
    return [(HANDLER_NONE, gettext("Nobody")), (HANDLER_ME, gettext("Me")), *names]


class TicketView(TicketPage):
    """All tickets: sorted, filtered, searched, exported, and moved on from the row."""

    heading = _("Tickets")
    search_hint = _("Words, number or requester")
    list_template = "admin/tickets.html"
    create_template = "admin/ticket_new.html"
    can_create = True
    can_export = True
    export_types = ("csv",)
    kept_args = ("tab",)

    column_list = ("id", "title", "requester", "status", "assignee", "created_at", "updated_at")
    column_labels = {
        "id": _("No."),
        "title": _("Title"),
        "requester": _("Requester"),
        "status": _("Status"),
        "assignee": _("Handler"),
        "created_at": _("Created"),
        "updated_at": _("Last touched"),
    }
    column_sortable_list = tuple((name, name) for name in listing.SORTS)
    column_filters = (
        Choice(
            _("Status"),
            lambda value: Ticket.status == Status(value),
            lambda: [(status.value, str(STATUS[status])) for status in Status],
        ),
        Choice(_("Handler"), handled_by, handlers),
        Condition(_("Requester"), asked_by),
        Day(_("Created from"), Ticket.created_at),
        Day(_("Created up to and including"), Ticket.created_at, until=True),
        Day(_("Touched from"), Ticket.updated_at),
        Day(_("Touched up to and including"), Ticket.updated_at, until=True),
    )
    form = CallForm

    # --- the list

    def get_query(self) -> Any:
        return queries.visible_to(me())

    def init_search(self) -> bool:
        return True

    def get_list(
        self,
        page: int | None,
        sort_field: Any,
        sort_desc: bool,
        search: str | None,
        filters: Any,
        page_size: int | None = None,
        execute: bool = True,
    ) -> Any:
        """A page by listing.page(): counted to a cap, found by an index, no description read."""
        found = listing.page(
            db.session(), self.asked(page, sort_field, sort_desc, search, filters, page_size)
        )
        g.has_next = found.has_next
        return None, found.rows

    def asked(
        self, page: Any, sort: Any, descending: bool, search: Any, filters: Any, size: Any
    ) -> Listing:
        conditions = [
            self._filters[index].condition(value) for index, _name, value in filters or []
        ]
        return Listing(
            actor=me(),
            tab=self.tab(),
            conditions=conditions,
            search=search or "",
            sort=sort or "id",
            descending=descending if sort else True,  # unasked: the newest first
            page=page or 0,
            size=size or self.page_size,
        )

    def tab(self) -> str:
        """The tab asked for; at first what nobody has taken, but a search is in all of them."""
        asked = request.args.get("tab", "")
        if asked in TABS:
            return asked
        looks_for_something = request.args.get("search") or any(
            value for name, value in request.args.items() if name.startswith("flt")
        )
        return listing.ALL if looks_for_something else listing.UNASSIGNED

    def render(self, template: str, **kwargs: Any) -> str:
        if template == self.list_template:
            kwargs.update(
                tab=self.tab(),
                tabs=TABS,
                counts=listing.tab_counts(db.session(), me()),
                has_next=g.has_next,
                newest_first=True,
                actions=[(name, self._actions_data[name][1]) for name in QUESTIONS],
                names={status: str(name) for status, name in STATUS.items()},
                moves=[(status.value, str(name)) for status, name in MOVE.items()],
                export_args={
                    k: v for k, v in request.args.items() if k not in ("page", "page_size")
                },
            )
        return super().render(template, **kwargs)

    @expose("/export/<export_type>/")
    def export(self, export_type: str) -> Any:
        """The list as it is asked for, whole, as CSV that a spreadsheet opens right."""
        if export_type not in self.export_types:
            raise TicketError(gettext("There is no export of that kind."), status=404)
        args = self._get_list_extra_args()
        column = self._get_column_by_idx(args.sort)
        asked = self.asked(
            0, column[0] if column else None, args.sort_desc, args.search, args.filters, None
        )
        ids = listing.find_ids(db.session(), asked, 0, self.export_max_rows)
        return stream_csv(ids, {name: str(self.column_labels[name]) for name in self.column_list})

    # --- a new ticket, for somebody on the phone

    def validate_form(self, form: Any) -> bool:
        """Take the files first: whatever else is wrong, they stay with the form."""
        took = not isinstance(form, CallForm) or messages.take_files(form)
        return took and super().validate_form(form)

    def create(self, session: Any, actor: User, form: Any) -> Ticket:
        event = rules.open_ticket(
            session,
            actor,
            requester=form.find_requester(session),
            title=form.title.data,
            description=form.description.data,
            channel=Channel(form.channel.data),
            attachments=form.attached,
            key=form.key.sent,
        )
        return event.ticket

    def create_model(self, form: Any) -> Any:
        ticket = super().create_model(form)
        if ticket:
            messages.drop_copies(form)
            messages.tell(queries.first_event(db.session(), ticket))
        return ticket

    def get_save_return_url(self, model: Any, is_created: bool = False) -> str:
        return self.get_url(".show", ticket_id=model.id)

    # --- many at once

    @expose("/action/", methods=["POST"])
    def action_view(self) -> Any:
        """The action on the ticked tickets; from our own list it is asked for once more."""
        ids = request.form.getlist("rowid")
        name = request.form.get("action", "")
        if "ask" in request.form and name in QUESTIONS and ids:
            return self.render(
                "admin/confirm.html",
                question=QUESTIONS[name](len(ids)),
                action=name,
                ids=ids,
                versions={i: seen_version(f"version-{i}") for i in ids},
                return_url=get_redirect_target() or self.get_url(".index_view"),
            )
        if not ids:
            flash(gettext("Select the tickets first."), "error")
        return self.handle_action()

    @action("take", _("Take"))
    def take_many(self, ids: list[str]) -> None:
        self.each(ids, lambda session, actor, ticket, **_seen: tickets.take(session, actor, ticket))

    @action("release", _("Release"))
    def release_many(self, ids: list[str]) -> None:
        self.each(ids, tickets.release)

    @action("start", _("Set to in progress"))
    def start_many(self, ids: list[str]) -> None:
        self.each(ids, to_status(Status.IN_PROGRESS))

    @action("close", _("Close"))
    def close_many(self, ids: list[str]) -> None:
        self.each(ids, to_status(Status.CLOSED))

    @action("open", _("Open"))
    def open_many(self, ids: list[str]) -> None:
        self.each(ids, to_status(Status.OPEN))

    def each(self, ids: list[str], verb: Callable[..., Any]) -> None:
        """The verb on each ticket, one change() a ticket; then how many, and why not the rest."""
        # Long enough for any number of a ticket, and for the answer to name what it was not.
        ids = [i[:12] for i in ids]
        numbers = {int(i) for i in ids if i.isascii() and i.isdecimal() and len(i) < 10}
        if len(numbers) > BULK_MAX:
            flash(gettext("At most %(most)d tickets at once.", most=BULK_MAX), "error")
            return
        visible = set(
            db.session.scalars(
                self.get_query().with_only_columns(Ticket.id).where(Ticket.id.in_(numbers))
            )
        )
        done, refused = 0, [gettext("#%(id)s: There is no such ticket.", id=i) for i in ids
                            if not (i.isdecimal() and int(i) in visible)]  # fmt: skip
        for number in sorted(visible):
            try:
                done += bool(unit(partial(self.one, number, verb)))
            except TicketError as refusal:
                refused.append(f"#{number}: {refusal}")
        flash(ngettext("%(num)d ticket changed.", "%(num)d tickets changed.", done), "success")
        for line in refused[:10]:
            flash(line, "error")
        if len(refused) > 10:
            flash(gettext("… and %(count)d more were refused.", count=len(refused) - 10), "error")

    def one(self, ticket_id: int, verb: Callable[..., Any]) -> Any:
        with change() as session:
            ticket = session.scalars(select(Ticket).where(Ticket.id == ticket_id)).one()
            return verb(session, me(), ticket, version=seen_version(f"version-{ticket_id}"))


def to_status(status: Status) -> Callable[..., Any]:
    """The verb that moves a ticket to this status."""
    return partial(tickets.set_status, to=status)
