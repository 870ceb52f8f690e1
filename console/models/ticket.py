"""Tickets: one request each."""

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from console import clock
from console.models.base import Base, LongText, UTCDateTime, exact, stored
from console.models.category import Category
from console.models.organisation import Organisation
from console.models.user import User


class Status(StrEnum):
    """Where a ticket stands; stored as written here."""

    OPEN = "åpen"
    IN_PROGRESS = "under arbeid"
    CLOSED = "lukket"


class Channel(StrEnum):
    """How a ticket came in."""

    WEB = "web"
    MAIL = "mail"
    PHONE = "phone"
    CHAT = "chat"
    API = "api"


class Priority(IntEnum):
    """How much a ticket matters; known to workers only."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


class WaitingFor(StrEnum):
    """Who must do something before a ticket that was put aside can go on."""

    REQUESTER = "requester"
    SUPPLIER = "supplier"
    OTHER = "other"


class Side(StrEnum):
    """Who said the last thing that the requester can read: it is the other's turn."""

    REQUESTER = "requester"
    US = "us"


class PriorityNumber(TypeDecorator[Priority]):
    """A Priority in Python, its number in the database, so that it can be sorted by."""

    impl = SmallInteger
    cache_ok = True

    def process_result_value(self, value: int | None, dialect: Any) -> Priority | None:
        return Priority(value) if value is not None else None


class Ticket(Base):
    """One request: who asked, what about, how it stands and who has taken it.

    Its columns are changed by tickets.events.record() and nothing else.
    """

    __tablename__ = "tickets"

    TITLE_MIN, TITLE_MAX = 3, 200
    DESCRIPTION_MAX = 20_000
    KEY_MAX = 80
    REASON_MAX = 200

    id: Mapped[int] = mapped_column(primary_key=True)
    requester_id: Mapped[int] = mapped_column("bruker_id", ForeignKey("users.id"))
    title: Mapped[str] = mapped_column("tittel", String(TITLE_MAX))
    description: Mapped[str] = mapped_column("beskrivelse", LongText)
    status: Mapped[Status] = mapped_column(stored(Status, "status"), default=Status.OPEN)
    assignee_id: Mapped[int | None] = mapped_column("behandler_id", ForeignKey("users.id"))
    channel: Mapped[Channel] = mapped_column(stored(Channel, "channel"), default=Channel.WEB)
    # One key a sent form: the same form twice is the same ticket.
    submission_key: Mapped[str | None] = mapped_column(exact(KEY_MAX), unique=True)
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime())
    # The last change that the requester may know of.
    public_at: Mapped[datetime] = mapped_column(UTCDateTime())
    # NULL says that the ticket is open: every list of open ones begins with it.
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    priority: Mapped[Priority] = mapped_column(PriorityNumber(), default=Priority.MEDIUM)
    category_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"))
    # That of the requester; beside the ticket, so that its list is one stretch of an index.
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    # Put aside until then. The ticket wakes by the clock alone: nobody has to change it.
    waiting_until: Mapped[datetime | None] = mapped_column(UTCDateTime())
    waiting_for: Mapped[WaitingFor | None] = mapped_column(stored(WaitingFor, "waiting_for"))
    waiting_reason: Mapped[str] = mapped_column(String(REASON_MAX), default="")
    # When somebody must have acted.
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    # Whether that is told already: 0 not, 1 that it is soon, 2 that it has passed.
    due_told: Mapped[int] = mapped_column(SmallInteger, default=0)
    last_public_by: Mapped[Side] = mapped_column(
        stored(Side, "last_public_by"), default=Side.REQUESTER
    )
    # The ticket that this one is part of now, since when; and how many are part of this one.
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    merged_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    absorbed: Mapped[int] = mapped_column(default=0)

    requester: Mapped[User] = relationship(foreign_keys=[requester_id])
    assignee: Mapped[User | None] = relationship(foreign_keys=[assignee_id])
    category: Mapped[Category | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        CheckConstraint(
            "status <> 'under arbeid' OR behandler_id IS NOT NULL", "worked_by_someone"
        ),
        CheckConstraint("(status = 'lukket') = (closed_at IS NOT NULL)", "closed_at_when_closed"),
        CheckConstraint("priority BETWEEN 1 AND 3", "priority"),
        CheckConstraint("(waiting_until IS NULL) = (waiting_for IS NULL)", "waiting_for_somebody"),
        CheckConstraint("(merged_into_id IS NULL) = (merged_at IS NULL)", "merged_at_when_merged"),
        CheckConstraint("merged_into_id IS NULL OR closed_at IS NOT NULL", "closed_when_merged"),
        Index(None, "closed_at", "id"),
        # The last column only to be read there: what is put aside is nobody's turn.
        Index(None, "closed_at", "last_public_by", "id", "waiting_until"),
        Index(None, "closed_at", "priority", "id"),
        Index(None, "closed_at", "due_at", "id"),
        Index(None, "closed_at", "waiting_until", "id"),
        Index(None, "closed_at", "tittel", "id"),
        Index(None, "closed_at", "updated_at", "id"),
        Index(None, "priority", "id"),
        Index(None, "category_id", "id"),
        Index(None, "organisation_id", "id"),
        Index(None, "channel", "id"),
        Index(None, "merged_into_id"),
        Index(None, "behandler_id", "closed_at", "id"),
        Index(None, "behandler_id", "id"),
        Index(None, "status", "id"),
        Index(None, "bruker_id", "closed_at", "id"),
        Index(None, "bruker_id", "id"),
        Index(None, "tittel", "id"),
        Index(None, "created_at", "id"),
        Index(None, "updated_at", "id"),
    )

    @property
    def is_closed(self) -> bool:
        return self.status is Status.CLOSED

    @property
    def is_waiting(self) -> bool:
        """Whether it is put aside, and the date has not come."""
        return self.waiting_until is not None and self.waiting_until > clock.now()

    @property
    def is_due(self) -> bool:
        """Whether somebody should have acted by now."""
        return self.due_at is not None and not self.is_closed and self.due_at <= clock.now()

    def __str__(self) -> str:
        return f"#{self.id}"
