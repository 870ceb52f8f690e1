"""Tags: words that workers put on tickets."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from console.models.base import Base, exact


class Tag(Base):
    """A word, in lower case, that was put on some ticket."""

    __tablename__ = "tags"

    NAME_MAX = 30
    # So many on one ticket.
    MOST = 10

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(exact(NAME_MAX), unique=True)

    def __str__(self) -> str:
        return self.name


class TicketTag(Base):
    """That a ticket has a tag."""

    __tablename__ = "ticket_tags"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), primary_key=True)
    tag_id: Mapped[int] = mapped_column(ForeignKey("tags.id"), primary_key=True)

    tag: Mapped[Tag] = relationship()

    __table_args__ = (Index(None, "tag_id", "ticket_id"),)
