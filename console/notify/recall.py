"""Stopping what is owed and has not left."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from console.models import TO_REQUESTERS, Delivery, DeliveryState
from console.notify.outbox import forget_jobs

# On its way, or past it.
LEFT = (DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.BOUNCED)
HELD = (DeliveryState.WAITING, DeliveryState.DEFERRED, DeliveryState.GATHERED)


def recall(session: Session, event_id: int) -> bool:
    """Cancel what is owed because of an Event, and forget the jobs.

    False when something has begun to leave for the requester: then the caller must roll back.
    """
    owed = session.execute(
        select(Delivery.id, Delivery.state, Delivery.topic)
        .where(Delivery.event_id == event_id)
        .with_for_update()
    ).all()
    if any(row.state in LEFT and row.topic in TO_REQUESTERS for row in owed):
        return False
    held = [row.id for row in owed if row.state in HELD]
    if not held:
        return True
    # The state is asked for once more: on a cluster another machine holds no lock of ours.
    stopped = (
        session.connection()
        .execute(
            update(Delivery)
            .where(Delivery.id.in_(held), Delivery.state.in_(HELD))
            .values(state=DeliveryState.CANCELLED, error="taken_back")
        )
        .rowcount
    )
    forget_jobs(session, held)
    return stopped == len(held)
