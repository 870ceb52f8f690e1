"""What Flask-Security asks us about: passwords, addresses and mails."""

from typing import Any

from flask import Response, after_this_request, current_app
from flask_security import MailUtil, PasswordUtil

from console.accounts import names, passwords
from console.accounts.errors import AccountError
from console.extensions import db
from console.notify import outbox


def commit(response: Response) -> Response:
    """Commit after the request, as Flask-Security does it, where its own view forgets to."""
    current_app.extensions["security"].datastore.commit()
    return response


class Passwords(PasswordUtil):
    """The rules of accounts.passwords, for registration, change and reset."""

    def validate(
        self, password: str, is_register: bool, **kwargs: Any
    ) -> tuple[list[str] | None, str]:
        user = kwargs.get("user")
        about = (
            [user.username, user.email]
            if user
            else [kwargs.get("username") or "", kwargs.get("email") or ""]
        )
        return passwords.faults(password, about=about) or None, passwords.normal(password)


class Outbox(MailUtil):
    """Puts Flask-Security's mails in the outbox, in the transaction that causes them."""

    def send_mail(
        self,
        template: str,
        subject: str,
        recipient: Any,
        sender: Any,
        body: str | None,
        html: str | None,
        **context: Any,
    ) -> None:
        outbox.owe_mail(db.session(), recipient=str(recipient), subject=subject, body=body or "")
        after_this_request(commit)

    def normalize(self, email: str) -> str:
        return self._clean(email)

    def validate(self, email: str) -> str:
        return self._clean(email)

    def _clean(self, email: str) -> str:
        # A ValueError is what Flask-Security turns into its own sentence.
        try:
            return names.clean_email(email)
        except AccountError as refusal:
            raise ValueError(str(refusal)) from None
