"""What a rule about accounts answers when it says no."""

from flask_babel import lazy_gettext as _

from console.refusals import Refusal


class AccountError(Refusal):
    """A rule refused; nothing was changed."""


class NotAllowed(AccountError):
    """The actor may not do this to accounts."""

    status = 403

    def __init__(self) -> None:
        super().__init__(_("You are not allowed to do that."))


class NotThere(AccountError):
    """There is no such account."""

    status = 404

    def __init__(self) -> None:
        super().__init__(_("There is no such account."))
