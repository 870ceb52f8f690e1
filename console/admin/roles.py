"""Roles: their names and what they may do. For admins."""

from typing import Any

from flask_babel import lazy_gettext as _

from console.accounts import rules
from console.admin.forms import RoleForm
from console.admin.views import RuledView
from console.models import ADMINISTER, Role, User


class RoleView(RuledView):
    """The few roles there are; the built-in ones keep their name and their permissions."""

    permission = ADMINISTER
    heading = _("Roles")
    list_template = "admin/roles.html"
    can_create = can_edit = can_delete = True
    column_list = ("name", "description")
    column_labels = {"name": _("Name"), "description": _("Description")}
    column_sortable_list = ("name",)
    form = RoleForm

    def create(self, session: Any, actor: User, form: Any) -> Role:
        return rules.define_role(
            session,
            actor,
            name=form.name.data,
            description=form.description.data or "",
            permissions=form.permissions.data or [],
        )

    def update(self, session: Any, actor: User, form: Any, model: Any) -> Any:
        return rules.redefine_role(
            session,
            actor,
            session.get(Role, model.id),
            description=form.description.data or "",
            permissions=form.permissions.data or [],
        )

    def delete(self, session: Any, actor: User, model: Any) -> Any:
        return rules.remove_role(session, actor, session.get(Role, model.id))
