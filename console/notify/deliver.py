"""Sending what the outbox owes. Nothing leaves before the commit it belongs to, and a failed
message never undoes the change: its row says how far it has come and why no further.
"""

import logging
import smtplib
from datetime import timedelta
from email.errors import MessageError
from email.utils import formatdate
from functools import partial

from flask import current_app
from flask_mailman import EmailMessage
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from console import clock
from console.models import Delivery, DeliveryState
from console.transaction import change, unit

log = logging.getLogger(__name__)

# The pause before each further try, the last one repeated: then hourly for about a day.
PAUSES = [timedelta(minutes=m) for m in (1, 5, 15, 60)]
TRIES_MAX = 28
# A sender that has not answered after this long is taken for dead, and the row is sent again.
LEASE = timedelta(minutes=5)
BATCH = 50
# What is still to be sent: waiting, or begun by a sender that may have died.
OWED = (DeliveryState.WAITING, DeliveryState.SENDING)


def plan(session: Session, *, recipient: str, subject: str, body: str) -> Delivery:
    """Owe a mail: part of the caller's transaction, sent after its commit."""
    delivery = Delivery(
        recipient=recipient,
        subject=" ".join(subject.split())[:255],
        body=body,
        run_at=clock.now(),
        created_at=clock.now(),
    )
    session.add(delivery)
    return delivery


def send_due() -> int:
    """Send what is due and answer how many went out. Without MAIL_SERVER everything waits."""
    if not current_app.config["MAIL_SERVER"]:
        return 0
    sent = 0
    for delivery_id in _due():
        if unit(partial(_claim, delivery_id)):
            sent += _send(delivery_id)
    return sent


def _due() -> list[int]:
    with change() as session:
        return list(
            session.scalars(
                select(Delivery.id)
                .where(
                    Delivery.state.in_(OWED),
                    Delivery.run_at <= clock.now(),
                )
                .order_by(Delivery.run_at)
                .limit(BATCH)
            )
        )


def _claim(delivery_id: int) -> bool:
    """Whether this process may send it: one conditional UPDATE, so that one of many wins."""
    with change() as session:
        return bool(
            session.connection()
            .execute(
                update(Delivery)
                .where(
                    Delivery.id == delivery_id,
                    Delivery.state.in_(OWED),
                    Delivery.run_at <= clock.now(),
                )
                .values(
                    state=DeliveryState.SENDING,
                    run_at=clock.now() + LEASE,
                    tries=Delivery.tries + 1,
                )
            )
            .rowcount
        )


def _send(delivery_id: int) -> bool:
    with change() as session:
        delivery = session.get_one(Delivery, delivery_id)
        mail = EmailMessage(
            subject=delivery.subject,
            body=delivery.body,
            to=[delivery.recipient],
            headers={
                "Auto-Submitted": "auto-generated",
                "Date": formatdate(delivery.created_at.timestamp()),
                # Always the same for one row: a copy sent after a crash can be told from news.
                "Message-ID": f"<delivery-{delivery.id}@{_domain()}>",
            },
        )
        tries = delivery.tries
    try:
        mail.send()
    except (OSError, smtplib.SMTPException, MessageError, ValueError) as error:
        return _keep(delivery_id, error, tries)
    with change() as session:
        delivery = session.get_one(Delivery, delivery_id)
        delivery.state, delivery.sent_at, delivery.error = DeliveryState.SENT, clock.now(), ""
    return True


def _keep(delivery_id: int, error: Exception, tries: int) -> bool:
    """Note why it did not leave, and when the next try is; a refusal for good has none."""
    for_good = tries >= TRIES_MAX or _is_permanent(error)
    log.warning("delivery %s did not leave: %s", delivery_id, type(error).__name__)
    with change() as session:
        delivery = session.get_one(Delivery, delivery_id)
        delivery.state = DeliveryState.FAILED if for_good else DeliveryState.WAITING
        delivery.run_at = clock.now() + PAUSES[min(tries, len(PAUSES)) - 1]
        delivery.error = _reason(error)
    return False


def _is_permanent(error: Exception) -> bool:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return False  # a setting to be mended; what is owed waits for that
    # (A certificate that is refused is a ValueError too, and an OSError: a setting again.)
    if isinstance(error, (MessageError, ValueError)) and not isinstance(error, OSError):
        return True  # it cannot even be written, now or later
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(500 <= code < 600 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and 500 <= error.smtp_code < 600


def _reason(error: Exception) -> str:
    """The class of the error and the server's answer; never a password or a whole mail."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "SMTPAuthenticationError"
    answer = ""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answer = "; ".join(f"{code} {text!r}" for code, text in error.recipients.values())
    elif isinstance(error, smtplib.SMTPResponseException):
        answer = f"{error.smtp_code} {error.smtp_error!r}"
    return f"{type(error).__name__} {answer}".strip()[:255]


def _domain() -> str:
    return current_app.config["MAIL_DEFAULT_SENDER"].rpartition("@")[2].strip("> ") or "localhost"
