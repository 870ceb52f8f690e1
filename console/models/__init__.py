"""The tables. One noun a file; no rule and no request is known here."""

from console.models.attachment import Attachment, Caution
from console.models.base import ID_MAX
from console.models.delivery import Delivery, DeliveryState
from console.models.draft import Draft
from console.models.event import AccountEvent, Event
from console.models.link import Link, LinkKind
from console.models.login import Login
from console.models.message import Message
from console.models.presence import Presence
from console.models.rate import Rate
from console.models.role import ADMIN, ADMINISTER, REQUESTER, WORK, WORKER, Role
from console.models.secret import Secret, SecretKind
from console.models.ticket import Channel, Status, Ticket
from console.models.user import User, login_key

__all__ = [
    "ADMIN",
    "ADMINISTER",
    "ID_MAX",
    "REQUESTER",
    "WORK",
    "WORKER",
    "AccountEvent",
    "Attachment",
    "Caution",
    "Channel",
    "Delivery",
    "DeliveryState",
    "Draft",
    "Event",
    "Link",
    "LinkKind",
    "Login",
    "Message",
    "Presence",
    "Rate",
    "Role",
    "Secret",
    "SecretKind",
    "Status",
    "Ticket",
    "User",
    "login_key",
]
