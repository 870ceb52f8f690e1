"""The rules of tickets: verbs in rules.py, who may in policy.py, reading in queries.py."""

from console.tickets.rules import assign, open_ticket, release, release_all, set_status, take

__all__ = ["assign", "open_ticket", "release", "release_all", "set_status", "take"]
