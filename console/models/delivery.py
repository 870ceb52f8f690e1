"""The outbox: every message the program owes somebody."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from console.models.base import Base, LongText, UTCDateTime, exact, stored
from console.models.event import Event
from console.models.ticket import Ticket
from console.models.user import User


class DeliveryState(StrEnum):
    """How far a message has come."""

    WAITING = "waiting"
    SENDING = "sending"
    # Sent: the other side has said that it took it over.
    SENT = "sent"
    # It could not leave yet; there is a reason, and a time for the next try.
    DEFERRED = "deferred"
    # Kept for the morning, and then told together with others in one message.
    GATHERED = "gathered"
    # Held back with all automatic ones, until an admin has looked.
    STOPPED = "stopped"
    # Not sent, and need not be: taken back, or no longer true.
    CANCELLED = "cancelled"
    FAILED = "failed"
    # Sent, and then returned by a mail server further on.
    BOUNCED = "bounced"


class Medium(StrEnum):
    """By what way a message goes."""

    MAIL = "mail"
    SMS = "sms"
    CHAT = "chat"
    # The places where the whole team reads: NOTIFY_URLS.
    TEAM = "team"


class Topic(StrEnum):
    """What a message is about; its templates and people's choices go by this name."""

    ACCOUNT = "account"
    # To requesters.
    RECEIPT = "receipt"
    REPLY = "reply"
    TAKEN = "taken"
    CLOSED = "closed"
    REOPENED = "reopened"
    # To workers.
    ASSIGNED = "assigned"
    ANSWERED = "answered"
    POOL = "pool"
    HIGH = "high"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    UNDELIVERED = "undelivered"
    DIGEST = "digest"
    # To admins: the program itself needs a person.
    ALARM = "alarm"


# What requesters are told of; the rest is for workers and admins.
TO_REQUESTERS = (Topic.RECEIPT, Topic.REPLY, Topic.TAKEN, Topic.CLOSED, Topic.REOPENED)


class Delivery(Base):
    """One message to one recipient, kept from the moment it is owed."""

    __tablename__ = "deliveries"

    SUBJECT_MAX = ERROR_MAX = 255

    id: Mapped[int] = mapped_column(primary_key=True)
    # None for mail about an account: a link to set a password, a notice of a change.
    event_id: Mapped[int | None] = mapped_column(ForeignKey("events.id"))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    # None for the whole team, and for an address that asked and may have no account.
    recipient_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    # The address or number it goes to; for a chat its kind alone, since the address is a key.
    recipient: Mapped[str] = mapped_column(exact(254))
    channel: Mapped[Medium] = mapped_column(stored(Medium, "channel"), default=Medium.MAIL)
    topic: Mapped[Topic] = mapped_column(stored(Topic, "topic"), default=Topic.ACCOUNT)
    # What it says, from the first try on.
    subject: Mapped[str] = mapped_column(String(SUBJECT_MAX), default="")
    body: Mapped[str] = mapped_column(LongText, default="")
    # Whether a machine thought of it: such are counted, capped and can be stopped.
    automatic: Mapped[bool] = mapped_column(default=False)
    state: Mapped[DeliveryState] = mapped_column(
        stored(DeliveryState, "state"), default=DeliveryState.WAITING
    )
    tries: Mapped[int] = mapped_column(default=0)
    # When the next try is; the job beside it has the same time.
    run_at: Mapped[datetime] = mapped_column(UTCDateTime())
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    error: Mapped[str] = mapped_column(String(ERROR_MAX), default="")
    # The message in the morning that tells of this one too.
    digest_id: Mapped[int | None] = mapped_column(ForeignKey("deliveries.id"))

    event: Mapped[Event | None] = relationship()
    ticket: Mapped[Ticket | None] = relationship()
    person: Mapped[User | None] = relationship()

    __table_args__ = (
        Index(None, "state", "run_at", "id"),
        Index(None, "event_id"),
        Index(None, "ticket_id", "recipient", "id"),
        Index(None, "recipient_id", "state"),
        Index(None, "recipient", "sent_at"),
        Index(None, "automatic", "created_at"),
        Index(None, "digest_id"),
    )


class NoticeChoice(Base):
    """What a person wants, or does not want, where it differs from what is usual."""

    __tablename__ = "notice_choices"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    topic: Mapped[Topic] = mapped_column(stored(Topic, "topic"), primary_key=True)
    channel: Mapped[Medium] = mapped_column(stored(Medium, "channel"), primary_key=True)
    chosen: Mapped[bool] = mapped_column()
