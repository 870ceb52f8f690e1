"""What a rule about tickets answers when it says no."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _

from console.models import Event
from console.refusals import Refusal


class TicketError(Refusal):
    """A rule refused; nothing was changed."""


class NotAllowed(TicketError):
    """The actor may not do this, to any ticket or to this one."""

    status = 403

    def __init__(self) -> None:
        super().__init__(_("You are not allowed to do that."))


class NotThere(TicketError):
    """There is no such ticket, or the actor may not know of it; the two look the same."""

    status = 404

    def __init__(self) -> None:
        super().__init__(_("There is no such ticket."))


class Stale(TicketError):
    """The ticket has changed since the actor's page was made; `news` is what happened."""

    def __init__(self, news: Sequence[Event]) -> None:
        super().__init__(
            _("Somebody changed this ticket while you had it open. Look at what is new first.")
        )
        self.news = news
