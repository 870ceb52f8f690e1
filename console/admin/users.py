"""Accounts: requests first, roles, in and out. For admins."""

from typing import Any

from flask import flash, request
from flask_admin import expose
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_security.recoverable import generate_reset_link
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload
from wtforms.fields.choices import SelectChoice

from console.accounts import organisations, rules
from console.accounts.errors import AccountError
from console.admin.filters import Choice, Condition, yes_or_no
from console.admin.forms import AccountForm
from console.admin.views import RuledView
from console.extensions import db
from console.login.sessions import me
from console.models import ADMINISTER, AccountEvent, Organisation, Role, User, login_key
from console.models.user import SYSTEM
from console.transaction import change

EVENTS_MAX = 100
# So many organisations are offered while one types; any other is typed to its end.
OFFERED_MAX = 200


def role_names() -> list[tuple[str, str]]:
    return [(name, name) for name in db.session.scalars(select(Role.name).order_by(Role.id))]


def works_for(name: str) -> Any:
    """Accounts of the organisations whose name begins like that."""
    begins = Organisation.name.istartswith(name.replace("\x00", "")[:200], autoescape=True)
    return User.organisation_id.in_(select(Organisation.id).where(begins))


class UserView(RuledView):
    """All accounts; those who wait for an answer stand first."""

    permission = ADMINISTER
    heading = _("Accounts")
    search_hint = _("Name or address begins with")
    list_template = "admin/users.html"
    create_template = "admin/user_new.html"
    can_create = True

    column_list = ("username", "email", "organisation", "role_name", "active", "created_at")
    column_labels = {
        "username": _("Username"),
        "email": _("E-mail address"),
        "organisation": _("Organisation"),
        "role_name": _("Role"),
        "active": _("Active"),
        "created_at": _("Created"),
    }
    column_sortable_list = ("username", "email", "role_name", "active", "created_at")
    column_filters = (
        Choice("role", _("Role"), lambda value: User.role_name == value, role_names),
        yes_or_no("active", _("Active"), User.active),
        Condition("organisation", _("Organisation"), works_for),
    )
    form = AccountForm

    def get_query(self) -> Any:
        rows = select(User).where(User.login_name != SYSTEM)
        return rows.options(joinedload(User.organisation))

    def init_search(self) -> bool:
        return True

    def searched(self, rows: Any, search: str) -> Any:
        key = login_key(search)
        return rows.where(
            or_(
                User.login_name.startswith(key, autoescape=True),
                User.email.startswith(key, autoescape=True),
            )
        )

    def render(self, template: str, **kwargs: Any) -> str:
        if template == self.list_template:
            kwargs["waiting"] = db.session.scalars(
                self.get_query().where(User.requested_role.is_not(None)).order_by(User.id).limit(50)
            ).all()
        return super().render(template, **kwargs)

    def create_form(self, obj: Any = None) -> Any:
        form = super().create_form(obj)
        form.role.choices = [SelectChoice(value, name) for value, name in role_names()]
        return form

    def create(self, session: Any, actor: User, form: Any) -> User:
        return rules.create(
            session,
            actor,
            username=form.username.data,
            email=form.email.data,
            role=form.role.data,
            password=form.password.data or None,
        )

    def get_save_return_url(self, model: Any, is_created: bool = False) -> str:
        return self.get_url(".show", account_id=model.id)

    @expose("/<int:account_id>")
    def show(self, account_id: int) -> Any:
        return self.account_page(account_id)

    def account_page(self, account_id: int, *, status: int = 200, **context: Any) -> Any:
        account = rules.get(db.session(), account_id)
        events = db.session.scalars(
            select(AccountEvent)
            .where(AccountEvent.account_id == account.id)
            .order_by(AccountEvent.id.desc())
            .limit(EVENTS_MAX)
            .options(joinedload(AccountEvent.actor).lazyload(User.role))
        ).all()
        offered = select(Organisation.name).order_by(Organisation.name).limit(OFFERED_MAX)
        page = self.render(
            "admin/user.html",
            account=account,
            events=events,
            roles=role_names(),
            organisations=db.session.scalars(offered).all(),
            **{"typed": {}, "refused": {}, **context},
        )
        return page, status

    @expose("/<int:account_id>/role", methods=["POST"])
    def role(self, account_id: int) -> Any:
        to = request.form.get("role", "")
        return self.move(
            account_id,
            lambda session, actor, account: rules.change_role(session, actor, account, to=to),
        )

    @expose("/<int:account_id>/phone", methods=["POST"])
    def phone(self, account_id: int) -> Any:
        number = request.form.get("phone", "")
        return self.set(
            account_id,
            "phone",
            lambda session, actor, account: rules.set_phone(session, actor, account, to=number),
        )

    @expose("/<int:account_id>/organisation", methods=["POST"])
    def organisation(self, account_id: int) -> Any:
        name = request.form.get("organisation", "").strip()

        def verb(session: Any, actor: User, account: User) -> Any:
            to = organisations.get_by_name(session, name) if name else None
            return organisations.move(session, actor, account, to=to)

        return self.set(account_id, "organisation", verb)

    def set(self, account_id: int, field: str, verb: Any) -> Any:
        """One field of the account; refused, the page comes back with what was typed."""
        try:
            with change() as session:
                verb(session, me(), rules.get(session, account_id))
        except AccountError as refusal:
            if refusal.status in (403, 404):
                raise
            return self.account_page(
                account_id,
                status=refusal.status,
                typed={field: request.form.get(field, "")[:200]},
                refused={field: str(refusal)},
            )
        flash(gettext("Done."), "success")
        return self.back(self.get_url(".show", account_id=account_id))

    @expose("/<int:account_id>/approve", methods=["POST"])
    def approve(self, account_id: int) -> Any:
        return self.move(account_id, rules.approve)

    @expose("/<int:account_id>/decline", methods=["POST"])
    def decline(self, account_id: int) -> Any:
        return self.move(account_id, rules.decline)

    @expose("/<int:account_id>/deactivate", methods=["POST"])
    def deactivate(self, account_id: int) -> Any:
        return self.move(account_id, rules.deactivate)

    @expose("/<int:account_id>/reactivate", methods=["POST"])
    def reactivate(self, account_id: int) -> Any:
        return self.move(account_id, rules.reactivate)

    @expose("/<int:account_id>/link", methods=["POST"])
    def link(self, account_id: int) -> Any:
        """Show a link to set a password, this once; earlier links are void."""
        with change() as session:
            rules.issue_link(session, me(), rules.get(session, account_id))
        link, _token = generate_reset_link(rules.get(db.session(), account_id))
        return self.account_page(account_id, link=link)

    def move(self, account_id: int, verb: Any) -> Any:
        done = self.act(lambda session, actor: verb(session, actor, rules.get(session, account_id)))
        if done:
            flash(gettext("Done."), "success")
        return self.back(self.get_url(".show", account_id=account_id))
