"""Names on the screen for what the database stores in one language."""

from flask_babel import lazy_gettext as _

from console.models import (
    Caution,
    Channel,
    DeliveryState,
    Priority,
    SecretKind,
    Side,
    Status,
    WaitingFor,
)
from console.models.role import ADMINISTER, WORK
from console.tickets import ready

STATUS = {
    Status.OPEN: _("open"),
    Status.IN_PROGRESS: _("in progress"),
    Status.CLOSED: _("closed"),
}
# A word for the class of a badge, where the stored text would make no name.
STATUS_CLASS = {Status.OPEN: "open", Status.IN_PROGRESS: "working", Status.CLOSED: "closed"}

PRIORITY = {
    Priority.LOW: _("low"),
    Priority.MEDIUM: _("medium"),
    Priority.HIGH: _("high"),
}
# Whom a ticket waits for that was put aside.
WAITING_FOR = {
    WaitingFor.REQUESTER: _("the requester"),
    WaitingFor.SUPPLIER: _("a supplier"),
    WaitingFor.OTHER: _("something else"),
}

CHANNEL = {
    Channel.WEB: _("the web page"),
    Channel.MAIL: _("e-mail"),
    Channel.PHONE: _("phone"),
    Channel.CHAT: _("chat"),
    Channel.API: _("the API"),
}

TABS = {
    ready.UNASSIGNED: _("Nobody's"),
    ready.MINE: _("Mine"),
    ready.WAITING_FOR_US: _("Waiting for us"),
    ready.WAITING_FOR_REQUESTER: _("Waiting for the requester"),
    ready.DUE: _("Overdue"),
    ready.PUT_ASIDE: _("Set aside"),
    ready.HIGH: _("High priority"),
    ready.CLOSED_TODAY: _("Closed today"),
    ready.ALL: _("All"),
}

PERMISSION = {
    WORK: _("see all tickets and work on them"),
    ADMINISTER: _("look after accounts, roles and the outbox"),
}


DELIVERY = {
    DeliveryState.WAITING: _("waiting"),
    DeliveryState.SENDING: _("being sent"),
    DeliveryState.SENT: _("sent"),
    DeliveryState.FAILED: _("failed"),
}

# What a button says that moves a ticket to this status.
MOVE = {
    Status.OPEN: _("Open"),
    Status.IN_PROGRESS: _("Start"),
    Status.CLOSED: _("Close"),
}

# Whose turn it is, by who said the last thing that both can read.
TURN = {Side.REQUESTER: _("ours"), Side.US: _("the requester's")}

# What was noticed in a text, as part of a sentence.
SECRET = {
    SecretKind.NATIONAL_ID: _("a national identity number"),
    SecretKind.CARD: _("a card number"),
    SecretKind.PASSWORD: _("a password"),
}

# The fields of a ticket that two people may change at once.
FIELD = {
    "status": _("Status"),
    "assignee": _("Handler"),
    "title": _("Title"),
    "priority": _("Priority"),
    "category": _("Category"),
    "waiting_until": _("Waiting until"),
    "due_at": _("Due"),
}

# What the history tells of a change in one of the admin's lists.
LIST_FIELD = {
    "critical": _("critical"),
    "contract_value": _("contract value"),
    "domains": _("domains"),
    "position": _("place in the list"),
    "active": _("in use"),
}

# What is said beside a file that one should think about before opening.
CAUTION = {
    Caution.ACTIVE: _("can contain a program: open it only if you expected it"),
    Caution.MISNAMED: _("is not what its name says"),
}
