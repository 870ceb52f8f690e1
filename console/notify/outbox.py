"""The outbox: what is owed to whom. Rows are added in the change that causes them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, delete, insert
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
DELIVERIES = insert(Delivery.metadata.tables[Delivery.__tablename__]).returning(
    Delivery.id, sort_by_parameter_order=True
)
JOBS = insert(Job.metadata.tables[Job.__tablename__])


def owe(session: Session, messages: Sequence[dict[str, Any]], *, hold: timedelta) -> list[int]:
    """Owe these messages, to be sent after the commit and not before `hold` has passed.

    Each is the columns of a Delivery, all of them the same ones. Answers their numbers. Two
    statements, and no object made: this is part of every reply.
    """
    if not messages:
        return []
    now = clock.now()
    rows = [
        {
            "state": DeliveryState.WAITING,
            **message,
            "created_at": now,
            "run_at": now + hold,
            "automatic": message["topic"] not in BY_PEOPLE,
        }
        for message in messages
    ]
    connection = session.connection()
    numbers = list(connection.execute(DELIVERIES, rows).scalars())
    jobs = [
        {
            "name": DELIVER,
            "about": number,
            "lane": Lane.AUTOMATIC if row["automatic"] else Lane.PEOPLE,
            "run_at": row["run_at"],
        }
        for number, row in zip(numbers, rows, strict=True)
        if row["state"] is DeliveryState.WAITING
    ]
    if jobs:
        connection.execute(JOBS, jobs)
    return numbers


def forget_jobs(session: Session, numbers: Sequence[int] | Select[int]) -> None:
    """Let no worker process look at these deliveries again."""
    session.execute(
        delete(Job)
        .where(Job.name == DELIVER, Job.about.in_(numbers))
        .execution_options(synchronize_session=False)
    )


def owe_mail(session: Session, *, recipient: str, subject: str, body: str) -> int:
    """Owe a mail about an account, whose words are there already; answers its number."""
    subject = " ".join(subject.split())[: Delivery.SUBJECT_MAX]
    mail = {"recipient": recipient, "channel": Medium.MAIL, "topic": Topic.ACCOUNT}
    session.flush()  # what causes it comes first
    return owe(session, [{**mail, "subject": subject, "body": body}], hold=AT_ONCE)[0]
