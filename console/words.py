"""Names on the screen for what the database stores in one language."""

from flask_babel import lazy_gettext as _

from console.models import (
    Caution,
    Channel,
    DeliveryState,
    Medium,
    Priority,
    SecretKind,
    Side,
    Status,
    Topic,
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
    DeliveryState.DEFERRED: _("delayed"),
    DeliveryState.GATHERED: _("for the morning"),
    DeliveryState.STOPPED: _("stopped"),
    DeliveryState.CANCELLED: _("not sent"),
    DeliveryState.FAILED: _("not delivered"),
    DeliveryState.BOUNCED: _("came back"),
}

MEDIUM = {
    Medium.MAIL: _("e-mail"),
    Medium.SMS: _("SMS"),
    Medium.CHAT: _("chat"),
    Medium.TEAM: _("the whole team"),
}

# What a message is about.
TOPIC = {
    Topic.ACCOUNT: _("the account"),
    Topic.RECEIPT: _("receipt"),
    Topic.REPLY: _("reply"),
    Topic.TAKEN: _("somebody has taken it"),
    Topic.CLOSED: _("closed"),
    Topic.REOPENED: _("opened again"),
    Topic.ASSIGNED: _("given to me"),
    Topic.ANSWERED: _("the requester has answered"),
    Topic.POOL: _("new in the queue"),
    Topic.HIGH: _("high priority"),
    Topic.DUE_SOON: _("due soon"),
    Topic.OVERDUE: _("overdue"),
    Topic.UNDELIVERED: _("could not be delivered"),
    Topic.DIGEST: _("the morning's summary"),
    Topic.ALARM: _("alarm"),
}

# Why a message did not go, where it was ours to decide; else there is the other side's answer.
REASON = {
    "no_address": _("there is no address"),
    "inactive": _("the account is closed"),
    "outdated": _("it was no longer true"),
    "covered": _("a newer message tells it too"),
    "taken_back": _("the reply was taken back"),
    "capped": _("too many to the same recipient"),
    "expired": _("it would have come too late"),
    "robot": _("the address is a machine's"),
    "refuses": _("the address has refused several times"),
    "dropped": _("somebody decided against it"),
    "no_gateway": _("no SMS gateway is set up"),
    "returned": _("it came back"),
    "stopped": _("an admin must decide first"),
    "gone": _("what it was about is gone"),
}

# What is done again and again, by the name of its job.
JOB = {
    "digest": _("the morning's summary"),
    "remind": _("reminders of what is due"),
    "sweep": _("cleaning up"),
    "alarm": _("alarm"),
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
