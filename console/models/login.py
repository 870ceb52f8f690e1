"""Log-ins: a session lives as long as its row says so."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from console.models.base import Base, UTCDateTime


class Login(Base):
    """One log-in of one account on one device; ended at logout, for good."""

    __tablename__ = "logins"

    LIFETIME = timedelta(days=7)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    started_at: Mapped[datetime] = mapped_column(UTCDateTime())
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    __table_args__ = (Index(None, "user_id", "started_at"),)
