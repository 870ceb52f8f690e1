"""Families: a ticket and all that were merged into it, directly or one after another.

Nothing is moved when tickets are merged: a family's page reads the rows of all its members.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, aliased

from console.models import Ticket

# So many tickets are one at most: every page of a family reads all its members.
FAMILY_MAX = 100

_member, _above = aliased(Ticket), aliased(Ticket)
# UNION and not UNION ALL: it would end even if somebody had made a ring by hand.
_down = select(Ticket.id).where(Ticket.id == bindparam("ticket")).cte("family", recursive=True)
_down = _down.union(select(_member.id).join(_down, _member.merged_into_id == _down.c.id))
DOWN = select(_down.c.id)
_up = (
    select(Ticket.id, Ticket.merged_into_id)
    .where(Ticket.id == bindparam("ticket"))
    .cte("chain", recursive=True)
)
_up = _up.union(
    select(_above.id, _above.merged_into_id).join(_up, _above.id == _up.c.merged_into_id)
)
UP = select(_up.c.id, _up.c.merged_into_id)


def family(session: Session, ticket: Ticket) -> Sequence[int]:
    """The numbers of the ticket and of all that are part of it; no statement when none is."""
    if not ticket.absorbed:
        return [ticket.id]
    return session.scalars(DOWN, {"ticket": ticket.id}).all()


def above(session: Session, number: int) -> Sequence[Any]:
    """That ticket and those it is part of, up to the survivor: rows of id and merged_into_id."""
    return session.execute(UP, {"ticket": number}).all()


def survivor_of(session: Session, ticket: Ticket) -> int:
    """The number of the ticket that this one is part of in the end; its own when of none."""
    if ticket.merged_into_id is None:
        return ticket.id
    chain = above(session, ticket.merged_into_id)
    return next(row.id for row in chain if row.merged_into_id is None)
