"""Secrets that somebody wrote into a ticket, kept apart from its text."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from console.models.base import Base, UTCDateTime, stored
from console.models.message import Message
from console.models.ticket import Ticket


class SecretKind(StrEnum):
    """What it is that should not be read by chance."""

    NATIONAL_ID = "national_id"
    CARD = "card"
    PASSWORD = "password"


class Secret(Base):
    """One secret. Where it stood the text has bullets, beginning at `position`."""

    __tablename__ = "secrets"

    VALUE_MAX = 200

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    # None: it stood in the ticket's own text.
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    # title, description or body.
    field: Mapped[str] = mapped_column(String(20))
    position: Mapped[int] = mapped_column()
    kind: Mapped[SecretKind] = mapped_column(stored(SecretKind, "kind"))
    # None: wiped, for good.
    value: Mapped[str | None] = mapped_column(String(VALUE_MAX))
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())

    ticket: Mapped[Ticket] = relationship()
    message: Mapped[Message | None] = relationship()

    __table_args__ = (Index(None, "ticket_id", "id"),)
