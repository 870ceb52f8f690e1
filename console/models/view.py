"""Views: lists of tickets that a worker has put together and given a name."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from console.models.base import Base, UTCDateTime
from console.models.user import User


class SavedView(Base):
    """What one worker wants to see again: tab, filters, search, order and columns."""

    __tablename__ = "saved_views"

    NAME_MAX = 60
    # So many for one worker, and as many shared ones, are shown above the list.
    MOST = 12

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(NAME_MAX))
    shared: Mapped[bool] = mapped_column(default=False)
    # By the names of things and never by their place in the address: see tickets/views.py.
    asked: Mapped[dict[str, Any]] = mapped_column(JSON)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime())

    owner: Mapped[User] = relationship()

    __table_args__ = (Index(None, "owner_id", "name"), Index(None, "shared", "name"))

    def __str__(self) -> str:
        return self.name
