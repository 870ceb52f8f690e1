"""History: what happened, to what, by whom, when. Rows are added and never changed."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, event
from sqlalchemy.orm import Mapped, Mapper, mapped_column, relationship

from console.models.base import Base, UTCDateTime
from console.models.ticket import Ticket
from console.models.user import User

if TYPE_CHECKING:
    from console.models.message import Message

# What changed, by name: the old value and the new one.
Changes = dict[str, list[Any]]


class Kind(StrEnum):
    """What can happen to a ticket."""

    OPENED = "ticket.opened"
    TAKEN = "ticket.taken"
    RELEASED = "ticket.released"
    ASSIGNED = "ticket.assigned"
    STATUS_CHANGED = "ticket.status_changed"
    RETITLED = "ticket.retitled"
    REPLIED = "ticket.replied"
    NOTED = "ticket.noted"
    FOLLOWED_UP = "ticket.followed_up"
    SECRET_SHOWN = "ticket.secret_shown"
    SECRET_WIPED = "ticket.secret_wiped"
    PRIORITY_CHANGED = "ticket.priority_changed"
    PUT_ASIDE = "ticket.put_aside"
    WOKEN = "ticket.woken"
    DUE_CHANGED = "ticket.due_changed"
    CATEGORISED = "ticket.categorised"
    TAGGED = "ticket.tagged"
    MERGED = "ticket.merged"
    ABSORBED = "ticket.absorbed"
    UNMERGED = "ticket.unmerged"
    GAVE_BACK = "ticket.gave_back"
    LINKED = "ticket.linked"
    UNLINKED = "ticket.unlinked"
    DUE_SOON = "ticket.due_soon"
    OVERDUE = "ticket.overdue"
    UNDELIVERED = "ticket.undelivered"
    TAKEN_BACK = "ticket.taken_back"


class Event(Base):
    """One change of a ticket. `version` is the ticket's version after it, without gaps."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    version: Mapped[int] = mapped_column()
    actor_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(40))
    changes: Mapped[Changes] = mapped_column(JSON, default=dict)
    # Known to workers only: a requester is shown nothing of it, not even that it happened.
    internal: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())

    ticket: Mapped[Ticket] = relationship()
    actor: Mapped[User] = relationship()
    # Read only: a relationship that writes would make every answer look like a change of history.
    message: Mapped["Message | None"] = relationship(viewonly=True, uselist=False)

    __table_args__ = (
        UniqueConstraint("ticket_id", "version"),
        Index(None, "created_at", "id"),
    )


class AccountEvent(Base):
    """One change of an account: created, approved, role changed, deactivated."""

    __tablename__ = "account_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    actor_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(40))
    changes: Mapped[Changes] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())

    account: Mapped[User] = relationship(foreign_keys=[account_id])
    actor: Mapped[User] = relationship(foreign_keys=[actor_id])

    __table_args__ = (Index(None, "account_id", "id"),)


@event.listens_for(Event, "before_update")
@event.listens_for(Event, "before_delete")
@event.listens_for(AccountEvent, "before_update")
@event.listens_for(AccountEvent, "before_delete")
def _refuse(mapper: Mapper[Any], connection: Any, target: Any) -> None:
    raise RuntimeError("history is append-only")
