"""What a rule about tickets answers when it says no."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _

from console.models import Event
from console.refusals import Refusal

NO_TICKET = _("There is no such ticket.")


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

    def __init__(self, sentence: str = NO_TICKET) -> None:
        super().__init__(sentence)


class Stale(TicketError):
    """Others said or decided something since the actor's page was made; `news` is what."""

    def __init__(self, news: Sequence[Event]) -> None:
        super().__init__(
            _("Something has happened on this ticket while you had it open. Look at it first.")
        )
        self.news = news


@dataclass(frozen=True)
class Clash:
    """One field that two people changed: as it was, as `who` set it, and as wanted."""

    field: str
    old: Any
    theirs: Any
    mine: Any
    who: str


class Conflict(TicketError):
    """Somebody changed the same field since the actor's page was made."""

    def __init__(self, clash: Clash) -> None:
        super().__init__(
            _("Somebody has changed the same thing while you had the ticket open. Choose one.")
        )
        self.clash = clash
