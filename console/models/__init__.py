"""The tables. One noun a file; no rule and no request is known here."""

from console.models.attachment import Attachment, Caution
from console.models.base import ID_MAX, row_number
from console.models.canned import CannedReply
from console.models.category import Category
from console.models.delivery import (
    TO_REQUESTERS,
    Delivery,
    DeliveryState,
    Medium,
    NoticeChoice,
    Topic,
)
from console.models.draft import Draft
from console.models.event import AccountEvent, Event, Kind
from console.models.job import Job, Lane
from console.models.link import Link, LinkKind
from console.models.login import Login
from console.models.message import Message
from console.models.organisation import Organisation, OrganisationDomain
from console.models.presence import Presence
from console.models.rate import Rate
from console.models.role import ADMIN, ADMINISTER, REQUESTER, WORK, WORKER, Role
from console.models.secret import Secret, SecretKind
from console.models.tag import Tag, TicketTag
from console.models.ticket import Channel, Priority, Side, Status, Ticket, WaitingFor
from console.models.user import ContactBy, User, login_key
from console.models.view import SavedView
from console.models.word import (
    COMPOUND_MAX,
    WORD_MAX,
    OrganisationWord,
    RecentWord,
    UserWord,
    WordTail,
)

__all__ = [
    "ADMIN",
    "ADMINISTER",
    "COMPOUND_MAX",
    "ID_MAX",
    "REQUESTER",
    "TO_REQUESTERS",
    "WORK",
    "WORKER",
    "WORD_MAX",
    "AccountEvent",
    "Attachment",
    "CannedReply",
    "Category",
    "Caution",
    "Channel",
    "ContactBy",
    "Delivery",
    "DeliveryState",
    "Draft",
    "Event",
    "Job",
    "Kind",
    "Lane",
    "Link",
    "LinkKind",
    "Login",
    "Medium",
    "Message",
    "NoticeChoice",
    "Organisation",
    "OrganisationDomain",
    "OrganisationWord",
    "Presence",
    "Priority",
    "Rate",
    "RecentWord",
    "Role",
    "SavedView",
    "Secret",
    "SecretKind",
    "Side",
    "Status",
    "Tag",
    "Ticket",
    "TicketTag",
    "Topic",
    "User",
    "UserWord",
    "WaitingFor",
    "WordTail",
    "login_key",
    "row_number",
]
