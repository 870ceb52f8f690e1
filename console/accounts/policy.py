"""Who may look after accounts and the lists that everybody uses."""

from typing import Any

from console.accounts.errors import NotAllowed
from console.models import ADMINISTER, User


def may(actor: Any) -> bool:
    """Whether the actor may look after accounts."""
    return isinstance(actor, User) and (actor.active or actor.is_system) and actor.can(ADMINISTER)


def require(actor: User) -> None:
    """Raise NotAllowed unless the actor may look after accounts."""
    if not may(actor):
        raise NotAllowed
