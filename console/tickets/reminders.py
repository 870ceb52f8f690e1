"""Due dates that come near, and those that have passed: each is told once."""

from datetime import timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from console import clock
from console.models import Kind, Ticket, User
from console.tickets import policy
from console.tickets.events import record

# A due date is the end of a day: this is told when the night before it begins, and read in the
# morning of the day itself.
DUE_SOON = timedelta(hours=24)
# So many are told of in one transaction.
AT_ONCE = 200
NOT_TOLD, TOLD_SOON, TOLD_OVERDUE = 0, 1, 2


def remind(session: Session, actor: User) -> int:
    """Tell of open tickets that are due soon or overdue, the oldest first; answers of how many.

    What is put aside is told of when its date has come, and not before it. When AT_ONCE is the
    answer there may be more.
    """
    policy.require(actor, "remind")
    now = clock.now()
    awake = or_(Ticket.waiting_until.is_(None), Ticket.waiting_until <= now)
    due = and_(
        Ticket.closed_at.is_(None),
        Ticket.due_at <= now + DUE_SOON,
        Ticket.due_told < TOLD_OVERDUE,
        or_(Ticket.due_at <= now, and_(Ticket.due_told == NOT_TOLD, awake)),
    )
    found = session.scalars(
        select(Ticket.id).where(due).order_by(Ticket.due_at, Ticket.id).limit(AT_ONCE)
    ).all()
    # Held one by one, and as they are now: who changed one meanwhile takes it from these only.
    held = session.scalars(
        select(Ticket)
        .where(Ticket.id.in_(found), due)
        .order_by(Ticket.due_at, Ticket.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for ticket in held:
        assert ticket.due_at is not None
        over = ticket.due_at <= now
        record(
            session,
            actor,
            ticket,
            Kind.OVERDUE if over else Kind.DUE_SOON,
            internal=True,
            touches=False,
            told={"due_at": [None, ticket.due_at.isoformat()]},
            due_told=TOLD_OVERDUE if over else TOLD_SOON,
        )
    return len(held)
