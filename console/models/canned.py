"""Canned replies: what workers answer often, with places for names and numbers."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from console.models.base import Base, LongText, UTCDateTime
from console.models.user import User


class CannedReply(Base):
    """A text that is put into a reply, where it can still be changed."""

    __tablename__ = "canned_replies"

    TITLE_MAX = 80
    BODY_MAX = 5_000

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(TITLE_MAX), unique=True)
    body: Mapped[str] = mapped_column(LongText)
    editor_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime())

    editor: Mapped[User] = relationship()

    def __str__(self) -> str:
        return self.title
