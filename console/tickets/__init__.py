"""The rules of tickets.

Verbs are in rules.py and conversation.py, who may in policy.py, reading in queries.py.
"""

from console.tickets.conversation import note, reply
from console.tickets.rules import (
    assign,
    open_ticket,
    release,
    release_all,
    retitle,
    set_status,
    take,
)

__all__ = [
    "assign",
    "note",
    "open_ticket",
    "release",
    "release_all",
    "reply",
    "retitle",
    "set_status",
    "take",
]
