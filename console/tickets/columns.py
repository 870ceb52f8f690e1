"""What is read of the tickets for a row of the list or of an export."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, func, select, type_coerce

from console.models import Category, Organisation, Tag, Ticket, TicketTag
from console.models.base import SortedNames
from console.tickets.queries import assignee, requester

# What most rows show, or are drawn by.
COLUMNS: tuple[Any, ...] = (
    Ticket.id,
    Ticket.title,
    Ticket.status,
    Ticket.version,
    Ticket.updated_at,
    Ticket.priority,
    Ticket.waiting_until,
    Ticket.due_at,
    Ticket.last_public_by,
    Ticket.merged_into_id,
    requester.username.label("requester"),
    assignee.username.label("assignee"),
    Organisation.name.label("organisation"),
    Organisation.critical.label("critical"),
)
TAGS = type_coerce(
    select(func.group_concat(Tag.name))
    .join(TicketTag)
    .where(TicketTag.ticket_id == Ticket.id)
    .correlate(Ticket)
    .scalar_subquery(),
    SortedNames,
).label("tags")
# What a row shows to those who have chosen it: most have not, and each value takes its time.
EXTRA: dict[str, Any] = {
    "category": Category.name.label("category"),
    "tags": TAGS,
    "channel": Ticket.channel,
    "created_at": Ticket.created_at,
}
Names = tuple[str, ...]


def with_names(tickets: Select[Any]) -> Select[Any]:
    """The tickets with the names that belong to them; each is joined by the key of its table."""
    return (
        tickets.join(requester, Ticket.requester_id == requester.id)
        .outerjoin(assignee, Ticket.assignee_id == assignee.id)
        .outerjoin(Organisation, Ticket.organisation_id == Organisation.id)
        .outerjoin(Category, Ticket.category_id == Category.id)
    )


def extra(shown: Collection[str]) -> Names:
    """Those of the EXTRA columns that are shown."""
    return tuple(name for name in EXTRA if name in shown)


def of(tickets: Any, names: Names) -> Select[Any]:
    """The SELECT of these tickets' rows, with the EXTRA columns of these names."""
    columns = (*COLUMNS, *(EXTRA[name] for name in names))
    return with_names(select(*columns).select_from(tickets))
