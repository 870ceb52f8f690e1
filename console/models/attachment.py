"""Files: what was uploaded, by whom, and where it was attached. The bytes lie in the store."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from console.models.base import Base, UTCDateTime, exact, stored


class Caution(StrEnum):
    """Why one should think before opening a file."""

    NONE = "none"
    ACTIVE = "active"
    MISNAMED = "misnamed"


class Attachment(Base):
    """One file. It belongs to its uploader until it is attached, and then to the ticket."""

    __tablename__ = "attachments"

    NAME_MAX = 150
    SIZE_MAX = 25 * 1024 * 1024

    id: Mapped[int] = mapped_column(primary_key=True)
    uploader_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    # None: uploaded and not yet sent.
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    # None on a ticket: it came with the description.
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    name: Mapped[str] = mapped_column(String(NAME_MAX))
    media_type: Mapped[str] = mapped_column(String(100))
    caution: Mapped[Caution] = mapped_column(stored(Caution, "caution"), default=Caution.NONE)
    size: Mapped[int] = mapped_column()
    sha256: Mapped[str] = mapped_column(String(64))
    # Where the bytes are: never made from anything a person wrote.
    store_key: Mapped[str] = mapped_column(exact(64), unique=True)
    # The size of the preview that we made of a picture; None for anything else.
    width: Mapped[int | None] = mapped_column()
    height: Mapped[int | None] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())

    __table_args__ = (
        CheckConstraint("message_id IS NULL OR ticket_id IS NOT NULL", "message_on_ticket"),
        Index(None, "ticket_id", "message_id", "id"),
        Index(None, "ticket_id", "created_at"),
        Index(None, "uploader_id", "ticket_id"),
    )

    # The room that a preview takes on a ticket's page, in pixels.
    SHOWN = (224, 144)

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height of the preview on a ticket's page."""
        width, height = self.width or 1, self.height or 1
        scale = min(1, self.SHOWN[0] / width, self.SHOWN[1] / height)
        return max(1, round(width * scale)), max(1, round(height * scale))

    @property
    def is_picture(self) -> bool:
        """Whether there is a preview of it, made by us."""
        return self.width is not None
