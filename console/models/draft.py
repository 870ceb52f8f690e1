"""Drafts: what somebody is writing and has not sent."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from console.models.base import Base, UTCDateTime, exact


class Draft(Base):
    """The latest of what one person has typed into one form; seen by that person only."""

    __tablename__ = "drafts"

    PLACE_MAX = 40

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    # Which form: «reply:12», «note:12», «new», «capture».
    place: Mapped[str] = mapped_column(exact(PLACE_MAX))
    # The fields' names and what stands in them.
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    # The one-time key of the form last sent from here: what comes after it is a straggler.
    sent_key: Mapped[str] = mapped_column(String(80), default="")
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime())

    __table_args__ = (
        UniqueConstraint("author_id", "place"),
        Index(None, "place"),
        Index(None, "updated_at"),
    )
