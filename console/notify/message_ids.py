"""The Message-IDs of our mails, signed: an answer that names one belongs to what it answers.

Anybody can write a number into a header; only we can write the signature beside it.
"""

import hmac
import re
from email.utils import parseaddr

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from console.models import ID_MAX, Delivery, DeliveryState, Medium

# Relays refuse header lines much longer than twice this.
REFERENCES_MAX = 1_500
# How many of the last mails are named; mail programs need one that they know.
NAMED_MAX = 20
OURS = re.compile(r"<sak-([0-9]{1,19})-([0-9a-f]{24})@([^<>@\s]+)>", re.ASCII)


def of_delivery(number: int) -> str:
    """The Message-ID of a delivery: always the same, so that a second copy can be told."""
    return f"<sak-{number}-{_signature('delivery', number)}@{domain()}>"


def of_thread(number: int) -> str:
    """What all mails on a ticket refer to first. No mail has it; that holds a thread together."""
    return f"<sak-thread-{number}-{_signature('thread', number)}@{domain()}>"


def read(text: str) -> int | None:
    """The number of the delivery that the Message-ID is of; None when we did not write it."""
    found = OURS.fullmatch(text.strip())
    if found is None or found[3].lower() != domain() or int(found[1]) > ID_MAX:
        return None
    number = int(found[1])
    return number if hmac.compare_digest(found[2], _signature("delivery", number)) else None


def references(session: Session, delivery: Delivery) -> tuple[str | None, list[str]]:
    """Which mail this one follows, if any, and all that it refers to, the oldest first.

    That is the ticket's thread and what was sent to the same recipient on it.
    """
    if delivery.ticket_id is None:
        return None, []
    earlier = session.scalars(
        select(Delivery.id)
        .where(
            Delivery.ticket_id == delivery.ticket_id,
            Delivery.recipient == delivery.recipient,
            Delivery.id < delivery.id,
            Delivery.channel == Medium.MAIL,
            Delivery.state == DeliveryState.SENT,
        )
        .order_by(Delivery.id.desc())
        .limit(NAMED_MAX)
    ).all()
    first, last = of_thread(delivery.ticket_id), [of_delivery(number) for number in earlier]
    room = REFERENCES_MAX - len(first)
    kept: list[str] = []
    for named in last:
        room -= len(named) + 1
        if room < 0:
            break
        kept.append(named)
    return (kept[0] if kept else None), [first, *reversed(kept)]


def domain() -> str:
    """The domain that our mails come from."""
    address = parseaddr(current_app.config["MAIL_DEFAULT_SENDER"])[1]
    return address.partition("@")[2].lower() or "localhost"


def _signature(of: str, number: int) -> str:
    # The words before the number keep this apart from whatever else the key signs.
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.digest(key, f"message-id:{of}:{number}".encode(), "sha256").hex()[:24]
