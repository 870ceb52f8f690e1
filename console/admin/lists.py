"""The lists that everybody uses: an admin's categories and organisations, workers' replies."""

from typing import Any

from flask_admin import expose
from flask_babel import lazy_gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload, selectinload

from console.accounts import organisations
from console.accounts.domains import clean_domains
from console.admin.filters import yes_or_no
from console.admin.list_forms import CannedForm, CategoryForm, OrganisationForm
from console.admin.views import RuledView
from console.extensions import db
from console.login.sessions import me
from console.models import (
    ADMINISTER,
    CannedReply,
    Category,
    Organisation,
    OrganisationDomain,
    User,
)
from console.tickets import canned, categories


class ListView(RuledView):
    """A short list in its own order, whose forms are headed by what they are about."""

    can_create = can_edit = True
    # The column that orders it unless asked otherwise, and the heading of an empty form.
    order = "name"
    new: Any = ""

    def get_list(self, page: Any, sort_field: Any, *args: Any, **kwargs: Any) -> Any:
        return super().get_list(page, sort_field or self.order, *args, **kwargs)

    def render(self, template: str, **kwargs: Any) -> str:
        if "form" in kwargs:
            kwargs["heading"] = str(kwargs["model"]) if kwargs.get("model") else self.new
        return super().render(template, **kwargs)


class CategoryView(ListView):
    """What a ticket can be about. Old tickets keep a category that is out of use."""

    permission = ADMINISTER
    heading, new = _("Categories"), _("New category")
    list_template = "admin/categories.html"
    order = "position"
    column_list = ("position", "name", "active")
    column_labels = {"position": _("Place"), "name": _("Name"), "active": _("In use")}
    column_sortable_list = column_list
    form = CategoryForm

    def create(self, session: Any, actor: User, form: Any) -> Category:
        return categories.define(session, actor, name=form.name.data, position=form.position.data)

    def update(self, session: Any, actor: User, form: Any, model: Any) -> Any:
        place = form.position.data
        return categories.change(
            session,
            actor,
            session.get(Category, model.id),
            name=form.name.data,
            position=categories.last_place(session) if place is None else place,
            active=form.active.data,
        )


class OrganisationView(ListView):
    """The customers: which are critical, and by which domains their people are known."""

    permission = ADMINISTER
    heading, new = _("Organisations"), _("New organisation")
    search_hint = _("Name or domain begins with")
    list_template = "admin/organisations.html"
    column_list = ("name", "critical", "contract_value", "domains")
    column_labels = {
        "name": _("Name"),
        "critical": _("Critical"),
        "contract_value": _("Contract value"),
        "domains": _("Domains"),
    }
    column_sortable_list = ("name", "critical", "contract_value")
    column_filters = (yes_or_no("critical", _("Critical"), Organisation.critical),)
    form = OrganisationForm

    def get_query(self) -> Any:
        return select(Organisation).options(selectinload(Organisation.domains))

    def init_search(self) -> bool:
        return True

    def searched(self, rows: Any, search: str) -> Any:
        return rows.where(
            or_(
                Organisation.name.istartswith(search, autoescape=True),
                Organisation.domains.any(
                    OrganisationDomain.domain.startswith(search.lower(), autoescape=True)
                ),
            )
        )

    def create(self, session: Any, actor: User, form: Any) -> Organisation:
        return organisations.define_organisation(session, actor, **wanted(form))

    def update(self, session: Any, actor: User, form: Any, model: Any) -> Any:
        organisation = session.get(Organisation, model.id)
        return organisations.change_organisation(session, actor, organisation, **wanted(form))


def wanted(form: OrganisationForm) -> dict[str, Any]:
    """What the form says of an organisation. Raises AccountError for what is no domain."""
    return {
        "name": form.name.data,
        "critical": form.critical.data,
        "contract_value": form.contract_value.data,
        "domains": clean_domains(form.domains.data or ""),
    }


class CannedView(ListView):
    """What is answered often, kept by all who answer."""

    heading, new = _("Canned replies"), _("New canned reply")
    search_hint = _("Title begins with")
    list_template = "admin/canned.html"
    can_delete = True
    order = "title"
    column_list = ("title", "body", "editor", "updated_at")
    column_labels = {
        "title": _("Title"),
        "body": _("Text"),
        "editor": _("Last changed by"),
        "updated_at": _("Changed"),
    }
    column_sortable_list = ("title", "updated_at")
    form = CannedForm

    def get_query(self) -> Any:
        return select(CannedReply).options(joinedload(CannedReply.editor).lazyload(User.role))

    def init_search(self) -> bool:
        return True

    def searched(self, rows: Any, search: str) -> Any:
        return rows.where(CannedReply.title.istartswith(search, autoescape=True))

    @expose("/<int:canned_id>/remove")
    def ask_removal(self, canned_id: int) -> Any:
        """Show what would go, and ask."""
        found = canned.get(db.session(), me(), canned_id)
        return self.render("admin/canned_remove.html", canned=found)

    def create(self, session: Any, actor: User, form: Any) -> CannedReply:
        return canned.define(session, actor, title=form.title.data, body=form.body.data)

    def update(self, session: Any, actor: User, form: Any, model: Any) -> Any:
        found = canned.get(session, actor, model.id)
        return canned.change(session, actor, found, title=form.title.data, body=form.body.data)

    def delete(self, session: Any, actor: User, model: Any) -> Any:
        return canned.remove(session, actor, canned.get(session, actor, model.id))
