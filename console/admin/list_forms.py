"""Forms of the lists that everybody uses. They check shape; the rules check sense."""

import re
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import TextInput

from console.models import CannedReply, Category, Organisation
from console.portal.forms import no_longer

# 50000, 50 000, 50.000, kr 50 000,- and the like; never a part of a krone.
AMOUNT = re.compile(
    r"(?:kr\.?\s*)?(\d{1,3}(?:[\s.]\d{3})+|\d{1,12})(?:,(?:-|–|00))?\s*(?:kr|nok)?\.?", re.I | re.A
)


class ListForm(FlaskForm):
    """A form over a row, which shows the row until something is sent."""

    def __init__(self, formdata: Any = None, obj: Any = None, **kwargs: Any) -> None:
        super().__init__(obj=obj, **kwargs)


class Kroner(IntegerField):
    """Whole kroner, however one writes them; empty for none."""

    widget = TextInput()

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data:,}".replace(",", " ")

    def process_formdata(self, valuelist: list[str]) -> None:
        text = " ".join(valuelist[0].split()) if valuelist else ""
        self.data = None
        if not text:
            return
        amount = AMOUNT.fullmatch(text)
        if amount is None:
            raise ValueError(_("Write the amount in whole kroner, as in 50 000."))
        self.data = int(re.sub(r"\D", "", amount[1]))


class Domains(TextAreaField):
    """The domains of an organisation, one on each line."""

    def process_data(self, value: Any) -> None:
        self.data = "\n".join(row.domain for row in value or ())


class CategoryForm(ListForm):
    """A category; it is put out of use, never deleted."""

    name = StringField(
        _("Name"), validators=[InputRequired(), Length(min=2, max=Category.NAME_MAX)]
    )
    position = IntegerField(
        _("Place in the list"),
        description=_("The lowest number stands first. Empty: the last one."),
        validators=[Optional()],
        render_kw={"inputmode": "numeric"},
    )
    active = BooleanField(_("In use: tickets can be put into it"), default=True)


class OrganisationForm(ListForm):
    """A customer, and how its people are known."""

    name = StringField(_("Name"), validators=[InputRequired(), Length(max=Organisation.NAME_MAX)])
    critical = BooleanField(_("Critical: its tickets must not wait"))
    contract_value = Kroner(
        _("Contract value"),
        description=_("Whole kroner a year. Seen by workers only."),
        validators=[Optional()],
        render_kw={"inputmode": "numeric", "maxlength": 30},
    )
    domains = Domains(
        _("Domains"),
        description=_(
            "What stands after the @ in their addresses, one on each line. Accounts with such an"
            " address that belong nowhere yet are put here, with their tickets."
        ),
        validators=[no_longer(10_000, _("That is too long."))],
        render_kw={"rows": 4, "placeholder": "lillevik.no", "spellcheck": "false"},
    )


class CannedForm(ListForm):
    """A canned reply."""

    title = StringField(
        _("Title"),
        description=_("Used to find it again. The requester does not see it."),
        validators=[InputRequired(), Length(max=CannedReply.TITLE_MAX)],
    )
    body = TextAreaField(
        _("Text"),
        description=_(
            "Filled in on the ticket: {navn} is the requester's name, {nummer} the number of the"
            " ticket, {behandler} the handler's name."
        ),
        validators=[
            InputRequired(),
            no_longer(
                CannedReply.BODY_MAX,
                _("The text must have between 1 and %(most)s characters.", most="5 000"),
            ),
        ],
        render_kw={"rows": 12, "maxlength": CannedReply.BODY_MAX},
    )
