"""The console's forms. They check shape; the rules check sense."""

from collections.abc import Sequence
from typing import Any

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

from console.accounts import passwords
from console.accounts.contacts import Person
from console.accounts.written import TEXT_MAX
from console.models import Channel, Role, Ticket, User
from console.models.role import PERMISSIONS
from console.portal.forms import CarriesFiles, OneTimeKey, no_longer
from console.words import CHANNEL, PERMISSION

# How it can have come to whoever writes it down.
CAPTURED = (Channel.PHONE, Channel.CHAT, Channel.MAIL)
POOL, MINE = "pool", "mine"


class ConsoleForm(FlaskForm):
    """A form as Flask-Admin makes them: it also passes the row, which our forms do not read."""

    def __init__(self, formdata: Any = None, obj: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class CaptureForm(CarriesFiles, ConsoleForm):
    """What somebody says on the phone or in the chat: who, and one text."""

    requester = StringField(
        _("Who is asking"),
        description=_(
            "Name, organisation, address or number. Somebody new: «Berit Dal 900 12 345»."
        ),
        validators=[InputRequired(), Length(max=TEXT_MAX)],
        render_kw={"autocomplete": "off", "maxlength": TEXT_MAX, "spellcheck": "false"},
    )
    # The number of the account that was chosen, or «new».
    account = StringField()
    description = TextAreaField(
        _("What is said"),
        validators=[InputRequired(), no_longer(Ticket.DESCRIPTION_MAX)],
        render_kw={"rows": 5, "maxlength": Ticket.DESCRIPTION_MAX},
    )
    # Seldom there: without one the first line of the text is the title.
    title = StringField(
        _("Title"),
        validators=[Optional(), Length(min=Ticket.TITLE_MIN, max=Ticket.TITLE_MAX)],
    )
    channel = RadioField(
        _("How did it come in?"),
        choices=[SelectChoice(c.value, CHANNEL[c]) for c in CAPTURED],
        default=Channel.PHONE.value,
        validators=[InputRequired()],
    )
    handler = RadioField(
        _("Who takes it?"),
        choices=[SelectChoice(POOL, _("nobody yet")), SelectChoice(MINE, _("I do"))],
        default=POOL,
    )
    key = OneTimeKey()

    def __init__(self, formdata: Any = None, obj: Any = None, **kwargs: Any) -> None:
        # Ids of its own: it opens on pages that have fields of the same names.
        super().__init__(formdata, obj, **kwargs)
        for field in self:
            field.id = f"capture-{field.name}"
            field.label.field_id = field.id
        # Those who may be meant, when it was not clear, and who would be new.
        self.choices: Sequence[Person] = []
        self.new = ""


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
