"""Tickets: one request each."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from console.models.base import Base, LongText, UTCDateTime, exact
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


def stored(enum: type[StrEnum], name: str) -> Enum:
    """The enum by its value, as text with a CHECK: readable to anyone with an SQL prompt."""
    return Enum(
        enum,
        native_enum=False,
        length=20,
        create_constraint=True,
        name=name,
        values_callable=lambda members: [member.value for member in members],
    )


class Ticket(Base):
    """One request: who asked, what about, how it stands and who has taken it.

    Its columns are changed by tickets.events.record() and nothing else.
    """

    __tablename__ = "tickets"

    TITLE_MIN, TITLE_MAX = 3, 200
    DESCRIPTION_MAX = 20_000
    KEY_MAX = 80

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
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    requester: Mapped[User] = relationship(foreign_keys=[requester_id])
    assignee: Mapped[User | None] = relationship(foreign_keys=[assignee_id])

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        CheckConstraint(
            "status <> 'under arbeid' OR behandler_id IS NOT NULL", "worked_by_someone"
        ),
        CheckConstraint("(status = 'lukket') = (closed_at IS NOT NULL)", "closed_at_when_closed"),
        Index(None, "behandler_id", "status", "id"),
        Index(None, "behandler_id", "id"),
        Index(None, "status", "id"),
        Index(None, "bruker_id", "status", "id"),
        Index(None, "bruker_id", "id"),
        Index(None, "tittel", "id"),
        Index(None, "created_at", "id"),
        Index(None, "updated_at", "id"),
    )

    @property
    def is_closed(self) -> bool:
        return self.status is Status.CLOSED

    def __str__(self) -> str:
        return f"#{self.id}"
