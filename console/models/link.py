"""Links from one ticket to another."""

from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from console.models.base import Base, stored


class LinkKind(StrEnum):
    """What the later ticket is to the earlier one."""

    FOLLOW_UP = "follow_up"
    # Put together by a worker; the requesters may differ, and are not told.
    RELATED = "related"


class Link(Base):
    """`later` belongs with `earlier`; after a follow-up both have the same requester."""

    __tablename__ = "ticket_links"

    earlier_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), primary_key=True)
    later_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), primary_key=True)
    kind: Mapped[LinkKind] = mapped_column(stored(LinkKind, "kind"))

    __table_args__ = (Index(None, "later_id"),)
