"""Counters of tries, shared by all processes."""

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from console.models.base import Base, exact


class Rate(Base):
    """How often something was tried in the window that ends at `expires_at` (Unix seconds)."""

    __tablename__ = "rates"

    key: Mapped[str] = mapped_column(exact(191), primary_key=True)
    hits: Mapped[int] = mapped_column()
    expires_at: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index(None, "expires_at"),)
