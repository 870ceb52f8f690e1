"""The requester's forms. They check shape; the rules check sense."""

import secrets
from collections.abc import Sequence
from typing import Any

from flask import has_request_context, request
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from console.attachments.files import FILES_MAX
from console.models import Attachment, Message, Ticket

# What a text may have, as the sentences below say it.
MOST = "20 000"
TOO_LONG = _("The description is too long: %(most)s characters at most.", most=MOST)


def no_longer(most: int, sentence: Any = TOO_LONG) -> Length:
    """A limit that counts what is stored: browsers send line breaks as two characters."""
    return Length(max=most * 2, message=sentence)


class OneTimeKey(HiddenField):
    """A key made for each form that is shown: sent twice, the form is one ticket."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default=lambda: secrets.token_urlsafe(18), **kwargs)

    @property
    def sent(self) -> str | None:
        """The key that came with the form; None when the client sent none."""
        return str(self.data) if self.raw_data else None


class CarriesFiles:
    """A form that files come with, and what the page knows of them beside the fields."""

    FILES_MAX, FILE_MAX = FILES_MAX, Attachment.SIZE_MAX

    class Meta(FlaskForm.Meta):
        """Reads what a browser's form sends, and no JSON, whose values may be anything."""

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            if formdata is not None and has_request_context() and request.is_json:
                return request.form
            return super().wrap_formdata(form, formdata)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The numbers that were sent; those of them that wait; why others were refused.
        self.attached: list[int] = []
        self.files: Sequence[Attachment] = []
        self.file_errors: list[str] = []
        self.has_draft = False
        # What the answer is when the form must be shown again.
        self.status = 422


class TicketForm(CarriesFiles, FlaskForm):
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


class MessageForm(CarriesFiles, FlaskForm):
    """A reply or an internal note."""

    BODY_MAX = Message.BODY_MAX

    body = TextAreaField(
        validators=[
            no_longer(
                Message.BODY_MAX,
                _("The message is too long: %(most)s characters at most.", most=MOST),
            )
        ]
    )
    key = OneTimeKey()
    # The newest Event on the page that the form stood on.
    seen = HiddenField()

    def __init__(self, kind: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind = kind
        # Under which name its draft is kept.
        self.place = ""

    @property
    def seen_event(self) -> int | None:
        """The number in `seen`; None when the client does not say."""
        text = str(self.seen.data or "")
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
