"""Who may do what to tickets, as one table that can be read aloud."""

from typing import Any

from console.models import ADMINISTER, WORK, User
from console.tickets.errors import NotAllowed

ANYBODY = None

# verb: the permission it asks for
NEEDS = {
    "open_ticket": ANYBODY,
    "open_for": WORK,
    "see_all": WORK,
    "take": WORK,
    "release": WORK,
    "assign": WORK,
    "set_status": WORK,
    "retitle": WORK,
    # A requester answers on his own ticket, a worker on any.
    "ask_on": ANYBODY,
    "answer": WORK,
    "note": WORK,
    "show_secret": ANYBODY,
    "wipe_secret": WORK,
    # Known to workers only, and decided by them.
    "set_priority": WORK,
    "wait": WORK,
    "set_due": WORK,
    "categorise": WORK,
    "tag": WORK,
    "merge": WORK,
    "link": WORK,
    # What the system does, and a worker who sees it first.
    "tell_undelivered": WORK,
    "remind": WORK,
    "search": WORK,
    "keep_views": WORK,
    "keep_canned": WORK,
    "keep_categories": ADMINISTER,
}


def may(actor: Any, verb: str) -> bool:
    """Whether the actor may do the verb at all. An inactive account may nothing."""
    if not isinstance(actor, User) or not (actor.active or actor.is_system):
        return False
    permission = NEEDS[verb]
    return permission is ANYBODY or actor.can(permission)


def require(actor: User, verb: str) -> None:
    """Raise NotAllowed unless the actor may do the verb."""
    if not may(actor, verb):
        raise NotAllowed
