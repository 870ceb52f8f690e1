"""The console's forms. They check shape; the rules check sense."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from console.accounts import names, passwords
from console.models import Channel, Role, Ticket, User
from console.models.role import PERMISSIONS
from console.portal.forms import CarriesFiles, OneTimeKey, no_longer
from console.tickets.errors import TicketError
from console.words import CHANNEL, PERMISSION


class ConsoleForm(FlaskForm):
    """A form as Flask-Admin makes them: it also passes the row, which our forms do not read."""

    def __init__(self, formdata: Any = None, obj: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class CallForm(CarriesFiles, ConsoleForm):
    """A ticket on behalf of somebody on the phone or in the chat."""

    requester = StringField(
        _("Who is asking"),
        description=_("Username or e-mail address of the account."),
        validators=[InputRequired(), Length(max=User.EMAIL_MAX)],
        render_kw={"autocomplete": "off", "autofocus": True},
    )
    channel = RadioField(
        _("How did it come in?"),
        choices=[
            SelectChoice(c.value, CHANNEL[c]) for c in (Channel.PHONE, Channel.CHAT, Channel.MAIL)
        ],
        default=Channel.PHONE.value,
        validators=[InputRequired()],
    )
    title = StringField(
        _("Title"),
        validators=[InputRequired(), Length(min=Ticket.TITLE_MIN, max=Ticket.TITLE_MAX)],
    )
    description = TextAreaField(
        _("What the requester says"),
        validators=[InputRequired(), no_longer(Ticket.DESCRIPTION_MAX)],
        render_kw={"rows": 8, "maxlength": Ticket.DESCRIPTION_MAX},
    )
    key = OneTimeKey()

    def find_requester(self, session: Any) -> User:
        """The account that was named. Raises TicketError."""
        found = names.find_by_login(session, self.requester.data or "")
        if found is None or found.is_system:
            raise TicketError(
                gettext("Nobody has that username or address. An admin can make the account."),
                field="requester",
                status=422,
            )
        return found


class AccountForm(ConsoleForm):
    """A new account, made by an admin."""

    username = StringField(
        _("Username"),
        validators=[InputRequired(), Length(min=User.USERNAME_MIN, max=User.USERNAME_MAX)],
        render_kw={"autocomplete": "off"},
    )
    email = StringField(
        _("E-mail address"),
        validators=[InputRequired(), Length(max=User.EMAIL_MAX)],
        render_kw={"autocomplete": "off", "type": "email"},
    )
    role = SelectField(_("Role"), validators=[InputRequired()])
    password = PasswordField(
        _("Password"),
        description=_(
            "Leave it empty, and make a link on the next page with which the person chooses one."
        ),
        validators=[Optional(), Length(max=passwords.MOST)],
        render_kw={"autocomplete": "new-password"},
    )


class RoleForm(ConsoleForm):
    """A role and what it may do."""

    name = StringField(_("Name"), validators=[InputRequired(), Length(min=2, max=Role.NAME_MAX)])
    description = StringField(_("Description"), validators=[Length(max=200)])
    permissions = SelectMultipleField(
        _("May"),
        choices=[SelectChoice(name, PERMISSION[name]) for name in PERMISSIONS],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    def __init__(self, formdata: Any = None, obj: Any = None, **kwargs: Any) -> None:
        super().__init__(formdata, obj, **kwargs)
        if obj is not None and not self.is_submitted():
            self.name.data, self.description.data = obj.name, obj.description
            self.permissions.data = list(obj.permissions)
