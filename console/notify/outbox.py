"""The outbox: what is owed to whom. Rows are added in the change that causes them."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from console import clock
from console.models import Delivery, DeliveryState, Job, Lane, Medium, Topic

# The job that a worker process claims for each delivery.
DELIVER = "deliver"
# What is still to be sent: waiting, put off, or begun by a worker that may have died.
OWED = (DeliveryState.WAITING, DeliveryState.DEFERRED, DeliveryState.SENDING)
# What a person has written or asked for, and what comes once; a machine thought of the rest.
BY_PEOPLE = (Topic.REPLY, Topic.ACCOUNT, Topic.ALARM, Topic.DIGEST)

AT_ONCE = timedelta()


def owe(session: Session, deliveries: Sequence[Delivery], *, hold: timedelta) -> None:
    """Owe these messages, to be sent after the commit and not before `hold` has passed."""
    if not deliveries:
        return
    now = clock.now()
    for delivery in deliveries:
        delivery.created_at, delivery.run_at = now, now + hold
        delivery.automatic = delivery.topic not in BY_PEOPLE
        delivery.state = delivery.state or DeliveryState.WAITING
    session.add_all(deliveries)
    session.flush()  # their numbers are needed
    session.add_all(
        Job(name=DELIVER, about=delivery.id, lane=_lane(delivery), run_at=delivery.run_at)
        for delivery in deliveries
        if delivery.state is DeliveryState.WAITING
    )


def owe_mail(session: Session, *, recipient: str, subject: str, body: str) -> Delivery:
    """Owe a mail about an account, whose words are there already."""
    subject = " ".join(subject.split())[: Delivery.SUBJECT_MAX]
    mail = Delivery(recipient=recipient, subject=subject, body=body, topic=Topic.ACCOUNT)
    mail.channel = Medium.MAIL
    owe(session, [mail], hold=AT_ONCE)
    return mail


def _lane(delivery: Delivery) -> Lane:
    return Lane.AUTOMATIC if delivery.automatic else Lane.PEOPLE
