"""The requester's forms. They check shape; the rules check sense."""

import secrets
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from console.models import Ticket


def no_longer(most: int) -> Length:
    """A limit that counts what is stored: browsers send line breaks as two characters."""
    return Length(max=most * 2)


class OneTimeKey(HiddenField):
    """A key made for each form that is shown: sent twice, the form is one ticket."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default=lambda: secrets.token_urlsafe(18), **kwargs)

    @property
    def sent(self) -> str | None:
        """The key that came with the form; None when the client sent none."""
        return str(self.data) if self.raw_data else None


class TicketForm(FlaskForm):
    """A new request."""

    title = StringField(
        _("Title"),
        description=_("What is it about? For example: The printer in the reception is empty."),
        validators=[InputRequired(), Length(min=Ticket.TITLE_MIN, max=Ticket.TITLE_MAX)],
    )
    description = TextAreaField(
        _("Description"),
        description=_("What happened, since when, and what you have tried. Error messages help."),
        validators=[InputRequired(), no_longer(Ticket.DESCRIPTION_MAX)],
        render_kw={"rows": 9, "maxlength": Ticket.DESCRIPTION_MAX},
    )
    key = OneTimeKey()
