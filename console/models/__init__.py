"""The tables. One noun a file; no rule and no request is known here."""

from console.models.delivery import Delivery, DeliveryState
from console.models.event import AccountEvent, Event
from console.models.login import Login
from console.models.rate import Rate
from console.models.role import ADMIN, ADMINISTER, REQUESTER, WORK, WORKER, Role
from console.models.ticket import Channel, Status, Ticket
from console.models.user import User, login_key

__all__ = [
    "ADMIN",
    "ADMINISTER",
    "REQUESTER",
    "WORK",
    "WORKER",
    "AccountEvent",
    "Channel",
    "Delivery",
    "DeliveryState",
    "Event",
    "Login",
    "Rate",
    "Role",
    "Status",
    "Ticket",
    "User",
    "login_key",
]
