"""Flask-Security's forms, with our fields and our rules."""

from typing import Any

from flask import current_app
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_security import LoginForm, RegisterFormV2
from wtforms import RadioField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from console import clock
from console.accounts import names, passwords
from console.accounts.errors import AccountError
from console.extensions import db
from console.models import REQUESTER, WORKER, User


class OneFieldLogin(LoginForm):
    """One field takes a username or an address. What is wrong is never told apart."""

    email = StringField(
        _("Username or e-mail address"),
        render_kw={"autocomplete": "username", "maxlength": User.EMAIL_MAX, "autofocus": True},
        validators=[InputRequired(), Length(max=User.EMAIL_MAX)],
    )
    # No «remember me»: a session ends with the browser, or after a week.
    remember = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.password.description = ""  # Flask-Security puts a link here; ours stands below

    def validate(self, **kwargs: Any) -> bool:
        if len(self.password.data or "") > passwords.MOST:
            # Nobody has such a password, and hashing it would be work for nothing.
            self.form_errors.append(gettext("Wrong username, e-mail address or password."))
            return False
        self.ifield = self.email
        if isinstance(self.email.data, str):
            self.user = names.find_by_login(db.session(), self.email.data)
        return bool(super().validate(**kwargs))


class Registration(RegisterFormV2):
    """Username, address, password twice, and what one wants to be."""

    username = StringField(
        _("Username"),
        description=_("What others see. Your own name is fine."),
        render_kw={"autocomplete": "username", "maxlength": User.USERNAME_MAX},
        validators=[InputRequired(), Length(max=User.USERNAME_MAX)],
    )
    role = RadioField(
        _("I am"),
        choices=[
            SelectChoice(REQUESTER, _("a requester: I need help")),
            SelectChoice(WORKER, _("a worker: I help others")),
        ],
        default=REQUESTER,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if current_app.config["DRIFT_REGISTRATION"] == "closed":
            del self.role

    def validate_username(self, field: StringField) -> None:
        try:
            field.data = names.clean_username(field.data or "")
        except AccountError as refusal:
            raise ValidationError(str(refusal)) from None

    def to_dict(self, only_user: bool) -> dict[str, Any]:
        """What the new account is made from: these three and nothing that a client adds."""
        if not only_user:
            return {"role": self.role.data if self.role else REQUESTER}
        return {
            "username": names.free_username(db.session(), self.username.data or ""),
            "email": self.email.data,
            "password": self.password.data,
            "roles": [REQUESTER],
            "created_at": clock.now(),
        }
