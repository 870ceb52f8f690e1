"""The rules of tickets.

Verbs are in rules.py, conversation.py, triage.py and merging.py, who may in policy.py,
reading in queries.py.
"""

from console.tickets import name_words  # noqa: F401 (it listens to the session)
from console.tickets.conversation import answer_and_close, note, reply
from console.tickets.merging import link, merge, unlink, unmerge
from console.tickets.rules import (
    assign,
    open_ticket,
    release,
    release_all,
    retitle,
    set_status,
    take,
)
from console.tickets.triage import categorise, set_due, set_priority, tag, wait, wake

__all__ = [
    "answer_and_close",
    "assign",
    "categorise",
    "link",
    "merge",
    "note",
    "open_ticket",
    "release",
    "release_all",
    "reply",
    "retitle",
    "set_due",
    "set_priority",
    "set_status",
    "tag",
    "take",
    "unlink",
    "unmerge",
    "wait",
    "wake",
]
