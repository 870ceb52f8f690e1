"""What an export tells of tickets: read in stretches, none of them kept."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import bindparam, case, select
from sqlalchemy.orm import Session

from console.models import Category, Organisation, Ticket
from console.tickets.columns import TAGS, with_names
from console.tickets.queries import assignee, requester

# So many at once: enough for the database, little for the memory, soon on the way.
STRETCH = 500
# A narrow row, made once.
ROWS = with_names(
    select(
        Ticket.id,
        Ticket.title,
        requester.username.label("requester"),
        Organisation.name.label("organisation"),
        Ticket.priority,
        # Whose turn it is, which nobody asks of a closed one.
        case((Ticket.closed_at.is_(None), Ticket.last_public_by)).label("turn"),
        Ticket.status,
        assignee.username.label("assignee"),
        Category.name.label("category"),
        TAGS,
        Ticket.channel,
        Ticket.waiting_until,
        Ticket.due_at,
        Ticket.created_at,
        Ticket.updated_at,
        Ticket.closed_at,
    )
).where(Ticket.id.in_(bindparam("ids", expanding=True)))


def stretches(session: Session, ids: Sequence[int]) -> Iterator[list[Any]]:
    """The rows of these tickets in the order of the ids, up to STRETCH at a time.

    Each stretch is a transaction of its own: whoever receives slowly holds no connection.
    """
    for start in range(0, len(ids), STRETCH):
        wanted = list(ids[start : start + STRETCH])
        found = {row.id: row for row in session.execute(ROWS, {"ids": wanted})}
        session.rollback()
        yield [found[id_] for id_ in wanted if id_ in found]
