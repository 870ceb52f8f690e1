"""What every view of the console is made from.

A view is closed until it says which permission opens it. Rows change through verbs only:
Flask-Admin's own create, edit and delete are off unless a view calls verbs in their place.
"""

import logging
from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, request
from flask_admin import AdminIndexView
from flask_admin.contrib.sqla import ModelView
from flask_admin.helpers import get_redirect_target
from flask_admin.model.base import ViewArgs
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from console import faults
from console.addresses import is_ours
from console.extensions import db
from console.login.sessions import me
from console.login.setup import to_login
from console.models import WORK, User, row_number
from console.portal import messages
from console.refusals import Refusal
from console.tickets.errors import NotThere
from console.transaction import change, unit

log = logging.getLogger(__name__)

SECRET_COLUMNS = ("password", "fs_uniquifier", "chat_url")


class Closed:
    """Closed to all who lack the permission; to them it does not exist."""

    permission = WORK
    get_url: Callable[..., str]  # Flask-Admin's

    def is_accessible(self) -> bool:
        return current_user.is_authenticated and current_user.can(self.permission)

    def inaccessible_callback(self, name: str, **kwargs: Any) -> Any:
        if current_user.is_authenticated:
            return abort(404)
        return to_login()

    def _run_view(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        # Flask-Admin's own hides every TypeError of a view behind one of its making.
        # Flask-Admin goes back to `url` after a form; it looks at the host, not for line breaks.
        if not is_ours(request.values.get("url") or "/"):
            return abort(400)
        try:
            return fn(self, *args, **kwargs)
        except Refusal as refusal:
            return faults.refuse(refusal, get_redirect_target() or self.get_url(".index_view"))


class ConsoleIndexView(Closed, AdminIndexView):
    """The console's first page."""


class RuledView(Closed, ModelView):
    """A table whose rows change only through verbs."""

    can_create = can_edit = can_delete = can_view_details = False
    list_template = "admin/list.html"
    create_template = "admin/form.html"
    edit_template = "admin/form.html"
    page_size = 20
    page_size_options = (20, 50, 100)
    can_set_page_size = True
    # Flask-Admin puts a mass delete into every view; ours do not have it.
    action_disallowed_list = ("delete",)
    # What stands above the list, and the words of its search box.
    heading: Any = ""
    search_hint: Any = ""

    def create(self, session: Any, actor: User, form: Any) -> Any:
        """Call the verb that makes a row from the form."""
        raise NotThere

    def update(self, session: Any, actor: User, form: Any, model: Any) -> Any:
        """Call the verbs that change the row as the form says."""
        raise NotThere

    def delete(self, session: Any, actor: User, model: Any) -> Any:
        """Call the verb that takes the row away."""
        raise NotThere

    def create_model(self, form: Any) -> Any:
        return self._try(lambda session: self.create(session, me(), form), form)

    def update_model(self, form: Any, model: Any) -> Any:
        return self._try(lambda session: self.update(session, me(), form, model) or True, form)

    def delete_model(self, model: Any) -> bool:
        return bool(self._try(lambda session: self.delete(session, me(), model) or True, None))

    def _try(self, verb: Callable[[Any], Any], form: Any) -> Any:
        """The verb's answer in one transaction, or False and its sentence on the form."""

        def work() -> Any:
            with change() as session:
                return verb(session)

        try:
            return unit(work)
        except Refusal as refusal:
            messages.show(refusal, form)
        except IntegrityError:
            log.exception("refused by the database")
            flash(_("That clashes with something that is there already."), "error")
        return False

    def act(self, verb: Callable[[Any, User], Any]) -> bool:
        """Run one verb in its own change(), flash why not, and say whether it was done."""
        try:
            with change() as session:
                verb(session, me())
        except Refusal as refusal:
            if refusal.status in (403, 404):
                raise
            flash(str(refusal), "error")
            return False
        return True

    def back(self, otherwise: str) -> Any:
        """To the page the form stood on; only ever one of ours."""
        return redirect(get_redirect_target() or otherwise, 303)

    def get_query(self) -> Any:
        """The rows that the actor may know of; everything else starts from here."""
        return select(self.model)

    def get_count_query(self) -> Any:
        """None: nothing is counted over a whole table."""

    def searched(self, rows: Any, search: str) -> Any:
        """Those of the rows that answer the search box."""
        return rows

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
        """One page, newest first unless asked otherwise, and one row more if there is one."""
        size = page_size or self.page_size
        rows = self.get_query()
        for index, _name, value in filters or []:
            rows = rows.where(self._filters[index].condition(value))
        if search:
            rows = self.searched(rows, search)
        column = getattr(self.model, sort_field or self._primary_key)
        order = column.desc() if sort_desc or not sort_field else column.asc()
        rows = rows.order_by(order, getattr(self.model, self._primary_key).desc())
        return None, db.session.scalars(rows.offset((page or 0) * size).limit(size + 1)).all()

    def get_one(self, id: Any) -> Any:
        """The row of that id. Flask-Admin's own ignores get_query and chokes on large numbers."""
        return db.session.scalar(
            self.get_query().where(getattr(self.model, self._primary_key) == row_number(str(id)))
        )

    def handle_view_exception(self, exc: Exception) -> bool:
        # Never Flask-Admin's own, which shows the SQL with its values.
        log.error("refused in the console", exc_info=exc)
        flash(_("That could not be done. It has been logged."), "error")
        return True

    def get_empty_list_message(self) -> str:
        return str(_("Nothing here."))

    def _get_list_filter_args(self) -> Any:
        """Leave out the filters that were left empty in the form."""
        return [part for part in super()._get_list_filter_args() or [] if part[2] != ""]

    def _get_list_extra_args(self) -> ViewArgs:
        """Numbers from the address that are no numbers, or absurd, count as not given."""
        args = super()._get_list_extra_args()
        args.page = min(max(args.page or 0, 0), 50_000)
        sortable = [name in self._sortable_columns for name, _label in self._list_columns]
        if args.sort is not None and not (0 <= args.sort < len(sortable) and sortable[args.sort]):
            args.sort = None
        args.search = (args.search or "").replace("\x00", "").strip()[:200] or None
        args.extra_args = {k: v for k, v in args.extra_args.items() if k in self.kept_args}
        return args

    # Names in the address, besides Flask-Admin's own, that links of the list carry on.
    kept_args: tuple[str, ...] = ()

    def render(self, template: str, **kwargs: Any) -> str:
        if template == self.list_template:
            kwargs.setdefault("has_next", len(kwargs["data"]) > kwargs["page_size"])
            kwargs["data"] = kwargs["data"][: kwargs["page_size"]]
        kwargs.setdefault("heading", self.heading)
        kwargs.setdefault("newest_first", False)
        kwargs.setdefault("search_hint", self.search_hint)
        kwargs["chosen"] = {i: value for i, _name, value in kwargs.get("active_filters") or []}
        names = [name for name, _label in self._list_columns]
        kwargs["column_index"] = names.index
        return str(super().render(template, **kwargs))
