"""Sending one message: asked once more whether it should leave, written, carried, and noted.

Nothing leaves before the commit it belongs to, and a failed message never undoes the change:
its row says how far it has come and why no further.
"""

import logging
import random
import smtplib
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.errors import MessageError

from flask import current_app
from flask_mailman import EmailMessage
from sqlalchemy import update
from sqlalchemy.orm import Session

from console import clock
from console.models import Delivery, DeliveryState, Job, Medium, Topic
from console.notify import chat, checks, envelope, letters
from console.notify.outbox import DELIVER, OWED, forget_jobs
from console.notify.smtp import Line

log = logging.getLogger(__name__)

# The pause before each further try, the last one repeated: then hourly for about a day.
PAUSES = [timedelta(minutes=m) for m in (1, 5, 15, 60)]
TRIES_MAX = 28
# So that what failed together is not tried again in the same second.
JITTER = 0.1
# It has left, whatever became of it.
GONE = (DeliveryState.SENT, DeliveryState.BOUNCED)
# What a server says to us before it has heard of any mail; what is owed waits for the mending.
# Or after the first word of each: that it wants a password, or encryption (RFC 4954, 3207).
UNKNOWN_TO_IT = 530
SETTINGS = (smtplib.SMTPAuthenticationError, smtplib.SMTPConnectError, smtplib.SMTPHeloError)


@dataclass(frozen=True)
class Ready:
    """A message as it goes out: a mail, or a title and a text for a chat's address."""

    number: int
    mail: EmailMessage | None = None
    url: str = ""
    is_personal: bool = False
    title: str = ""
    text: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of a try: no reason when it was taken over by the other side."""

    reason: str = ""
    for_good: bool = False


def has_gateway(delivery: Delivery) -> bool:
    """Whether the settings say how such a message leaves. Until they do it waits."""
    if delivery.channel is Medium.MAIL:
        return bool(current_app.config["MAIL_SERVER"])
    return delivery.channel is not Medium.SMS or bool(current_app.config["SMS_URL"])


def prepare(session: Session, number: int) -> Ready | None:
    """Write the message, and mark it as being sent; None when it does not leave now.

    The row is held until the commit, so that who takes a reply back and who sends it agree.
    """
    delivery = session.get(Delivery, number, with_for_update=True)
    if delivery is None or delivery.state not in OWED:
        forget_jobs(session, [number])
        return None
    if not has_gateway(delivery):
        _job_at(session, number, None)
        return None
    if held := checks.verdict(session, delivery):
        put(session, delivery, held)
        return None
    delivery.tries += 1
    try:
        ready = _write(session, delivery)
    except letters.LetterError as error:
        log.error("delivery %s cannot be written: %s", number, error)
        settle(session, number, Outcome(str(error), for_good=error.for_good))
        return None
    delivery.state = DeliveryState.SENDING
    return ready


def put(session: Session, delivery: Delivery, held: checks.Verdict) -> None:
    """Let the delivery rest in the state of the verdict, until its time or for good."""
    delivery.state, delivery.error = held.state, held.reason
    if held.again:
        delivery.run_at = held.again
    if held.state in OWED:
        _job_at(session, delivery.id, delivery.run_at)
    else:
        forget_jobs(session, [delivery.id])


def _write(session: Session, delivery: Delivery) -> Ready:
    letter = letters.write(session, delivery)
    if delivery.topic is not Topic.ACCOUNT:
        delivery.subject = letter.subject
        delivery.body = letter.text if delivery.channel is Medium.MAIL else letter.short
    if delivery.channel is Medium.MAIL:
        return Ready(delivery.id, mail=envelope.mail(session, delivery, letter))
    url = _url(delivery)
    if not url:
        raise letters.LetterError("gone", for_good=True)
    return Ready(
        delivery.id,
        url=url,
        is_personal=delivery.channel is Medium.CHAT,
        # A gateway puts it before the text, and the text says all of it.
        title="" if delivery.channel is Medium.SMS else letter.subject,
        text=letter.short,
    )


def _url(delivery: Delivery) -> str:
    """The address for Apprise; empty when it is not there any more."""
    if delivery.channel is Medium.TEAM:
        return chat.team(current_app.config).get(delivery.recipient, "")
    if delivery.channel is Medium.SMS:
        return chat.sms_url(current_app.config, delivery.recipient)
    return delivery.person.chat_url if delivery.person else ""


def carry(ready: Ready, line: Line) -> Outcome:
    """Hand the message over; outside of any transaction, since it takes as long as it takes."""
    try:
        if ready.mail:
            line.send(ready.mail)
        else:
            chat.send(ready.url, ready.title, ready.text, personal=ready.is_personal)
    except chat.ChatError as error:
        return Outcome(error.reason, error.permanent)
    except Exception as error:  # whatever a library thinks of: it is tried again, and seen to fail
        log.warning("delivery %s did not leave: %s", ready.number, type(error).__name__)
        return Outcome(_reason(error), _is_permanent(error))
    return Outcome()


def settle(session: Session, number: int, outcome: Outcome) -> Delivery:
    """Note what came of the try: sent, to be tried again, or failed for good."""
    delivery = session.get_one(Delivery, number, with_for_update=True)
    for_good = outcome.for_good or delivery.tries >= TRIES_MAX
    delivery.error = outcome.reason[: Delivery.ERROR_MAX]
    if not outcome.reason and delivery.state in GONE:
        pass  # another copy was quicker
    elif not outcome.reason:
        delivery.state, delivery.sent_at = DeliveryState.SENT, clock.now()
    elif for_good:
        delivery.state = DeliveryState.FAILED
    else:
        pause = PAUSES[min(max(delivery.tries, 1), len(PAUSES)) - 1]
        delivery.state = DeliveryState.DEFERRED
        delivery.run_at = clock.now() + pause * (1 + JITTER * random.random())
        _job_at(session, number, delivery.run_at)
        return delivery
    forget_jobs(session, [number])
    if delivery.topic is Topic.DIGEST:
        _settle_gathered(session, delivery)
    return delivery


def _settle_gathered(session: Session, digest: Delivery) -> None:
    """What a digest told has gone its way too."""
    session.execute(
        update(Delivery)
        .where(Delivery.digest_id == digest.id, Delivery.state == DeliveryState.GATHERED)
        .values(state=digest.state, sent_at=digest.sent_at, error=digest.error)
        .execution_options(synchronize_session=False)
    )


def _job_at(session: Session, number: int, when: datetime | None) -> None:
    """Give the job its next time, and free it. None: it waits for a setting."""
    values = {"run_at": when, "leased_until": None, "token": None}
    session.execute(update(Job).where(Job.name == DELIVER, Job.about == number).values(values))


def _is_permanent(error: Exception) -> bool:
    """Whether it is the message that is refused, and not we for a setting's sake."""
    if isinstance(error, SETTINGS):
        return False
    if isinstance(error, smtplib.SMTPSenderRefused) and error.smtp_code == UNKNOWN_TO_IT:
        return False
    # (A certificate that is refused is a ValueError too, and an OSError: a setting.)
    if isinstance(error, (MessageError, ValueError)) and not isinstance(error, OSError):
        return True  # it cannot even be written, now or later
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(500 <= code < 600 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and 500 <= error.smtp_code < 600


def _reason(error: Exception) -> str:
    """The server's answer, or the class of the error; never a password or a whole mail."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "SMTPAuthenticationError"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(_said(code, text) for code, text in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return _said(error.smtp_code, error.smtp_error)
    return type(error).__name__


def _said(code: int, text: bytes | str) -> str:
    """A mail server's answer in one line: «550 5.1.1 no such user»."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(words.split())}".strip()
