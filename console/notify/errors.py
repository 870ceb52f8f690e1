"""What a rule about messages answers when it says no."""

from flask_babel import lazy_gettext as _

from console.refusals import Refusal


class NotifyError(Refusal):
    """A rule refused; nothing was changed."""


class NotAllowed(NotifyError):
    """The actor may not do this to messages."""

    status = 403

    def __init__(self) -> None:
        super().__init__(_("You are not allowed to do that."))


class NotThere(NotifyError):
    """There is no such message."""

    status = 404

    def __init__(self) -> None:
        super().__init__(_("There is no such message."))
