"""Messages made by hand, as nothing would plan them in that moment."""

from typing import Any

from sqlalchemy.orm import Session

from console import clock
from console.models import Delivery, DeliveryState, Event, Job, Lane, Topic


def owe(
    session: Session,
    ticket: int | None,
    *,
    event: Event | None = None,
    job: bool = True,
    **columns: Any,
) -> Delivery:
    """A message about the ticket, with its job unless it is to have none."""
    moment = clock.now()
    values = {
        "recipient": "kari@kunde.example",
        "state": DeliveryState.WAITING,
        "topic": Topic.REPLY,
        "run_at": moment,
        "created_at": moment,
        "sent_at": moment if columns.get("state") is DeliveryState.SENT else None,
        **columns,
    }
    delivery = Delivery(ticket_id=ticket, event_id=event and event.id, **values)
    session.add(delivery)
    session.flush()
    if job:
        run_at = delivery.run_at
        session.add(Job(name="deliver", about=delivery.id, lane=Lane.PEOPLE, run_at=run_at))
        session.flush()
    return delivery
