"""What people say on a ticket: replies between requester and workers, and notes among workers."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from console.models.base import Base, LongText, UTCDateTime, exact
from console.models.event import Event
from console.models.ticket import Ticket
from console.models.user import User


class Message(Base):
    """A reply, or an internal note. Its text is kept as written, but for what is secret in it."""

    __tablename__ = "messages"

    BODY_MAX = 20_000
    # A reply waits so long before it leaves, and may be taken back until then.
    UNDO_SECONDS = 15

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    # Its place in the history, and when it was written.
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), unique=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    body: Mapped[str] = mapped_column(LongText)
    internal: Mapped[bool] = mapped_column(default=False)
    # Workers write Markdown; what a requester writes means what it says.
    markdown: Mapped[bool] = mapped_column(default=False)
    # One key a sent form: the same form twice is the same message.
    submission_key: Mapped[str | None] = mapped_column(exact(Ticket.KEY_MAX), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())
    # When its author took it back, before it left; its text is in his draft again.
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    ticket: Mapped[Ticket] = relationship()
    event: Mapped[Event] = relationship()
    author: Mapped[User] = relationship()

    __table_args__ = (Index(None, "ticket_id", "id"),)
