"""The outbox: every message the program owes somebody."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from console.models.base import Base, LongText, UTCDateTime, exact
from console.models.ticket import stored


class DeliveryState(StrEnum):
    """How far a message has come."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


class Delivery(Base):
    """One message to one recipient, kept from the moment it is owed."""

    __tablename__ = "deliveries"

    id: Mapped[int] = mapped_column(primary_key=True)
    # None for mail about an account: a link to set a password, a notice of a change.
    event_id: Mapped[int | None] = mapped_column(ForeignKey("events.id"))
    recipient: Mapped[str] = mapped_column(exact(254))
    channel: Mapped[str] = mapped_column(String(20), default="mail")
    subject: Mapped[str] = mapped_column(String(255))
    body: Mapped[str] = mapped_column(LongText)
    state: Mapped[DeliveryState] = mapped_column(
        stored(DeliveryState, "state"), default=DeliveryState.WAITING
    )
    tries: Mapped[int] = mapped_column(default=0)
    # When it is due; while it is being sent, when the attempt is given up as dead.
    run_at: Mapped[datetime] = mapped_column(UTCDateTime())
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    error: Mapped[str] = mapped_column(String(255), default="")

    __table_args__ = (Index(None, "state", "run_at", "id"),)
