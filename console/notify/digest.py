"""The message before the office opens: one, of all that was kept for it since it closed."""

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session, joinedload

from console import clock
from console.models import Delivery, DeliveryState, Topic
from console.notify import checks, outbox

# So many people and places at once; a company has fewer.
RECIPIENTS_MAX = 1000
AT_A_TIME = 500


def gather(session: Session) -> int:
    """Owe each recipient one message of what was kept for him; answers how many it is."""
    kept = (
        Delivery.state == DeliveryState.GATHERED,
        Delivery.digest_id.is_(None),
        Delivery.run_at <= clock.now(),
    )
    _leave_out(session, kept)
    to_whom = (Delivery.recipient_id, Delivery.channel, Delivery.recipient)
    found = session.execute(select(*to_whom).where(*kept).distinct().limit(RECIPIENTS_MAX)).all()
    digests = [{**row._mapping, "topic": Topic.DIGEST} for row in found]
    numbers = outbox.owe(session, digests, hold=outbox.AT_ONCE)
    for number, row in zip(numbers, found, strict=True):
        same = (
            Delivery.recipient_id.is_(None)
            if row.recipient_id is None
            else Delivery.recipient_id == row.recipient_id
        )
        session.execute(
            update(Delivery)
            .where(
                *kept,
                same,
                Delivery.channel == row.channel,
                Delivery.recipient == row.recipient,
            )
            .values(digest_id=number)
            .execution_options(synchronize_session=False)
        )
    return len(digests)


def _leave_out(session: Session, kept: tuple[ColumnElement[bool], ...]) -> None:
    """What was kept and is no longer so is told to nobody."""
    last = 0
    while some := session.scalars(
        select(Delivery)
        .where(*kept, Delivery.id > last)
        .order_by(Delivery.id)
        .limit(AT_A_TIME)
        .options(joinedload(Delivery.person), joinedload(Delivery.ticket))
    ).all():
        for delivery in some:
            if verdict := checks.untrue(session, delivery):
                delivery.state, delivery.error = verdict.state, verdict.reason
        last = some[-1].id
