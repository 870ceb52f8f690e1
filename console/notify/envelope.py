"""A letter as the mail that leaves: from whom, to whom, in which thread, and by what hand."""

import re
from email.charset import QP, Charset
from email.header import Header
from email.utils import format_datetime, formataddr, parseaddr

from flask import current_app
from flask_mailman import EmailMultiAlternatives
from sqlalchemy.orm import Session

from console.models import Delivery, Topic
from console.notify import message_ids
from console.notify.letters import Letter, LetterError

# Not a line longer than 76 characters, and none that a server on the way must convert.
UTF8 = Charset("utf-8")
UTF8.body_encoding = QP
# One address and nothing beside it, as the accounts keep them.
ADDRESS = re.compile(r'[^\s@<>()\[\],;:\\"]+@[^\s@<>()\[\],;:\\"]+')
# An answering machine that is quiet by one of these is quiet. Not "All", as that asks Exchange to
# be silent about a mail that cannot be delivered too, and that is what we want to hear of.
SUPPRESS = "DR, RN, NRN, OOF, AutoReply"


def mail(session: Session, delivery: Delivery, letter: Letter) -> EmailMultiAlternatives:
    """The mail as it leaves. Raises LetterError when the address is none."""
    own = parseaddr(current_app.config["MAIL_DEFAULT_SENDER"])[1]
    office = current_app.config["ORGANISATION_NAME"]
    follows, refers = message_ids.references(session, delivery)
    headers = {
        "From": _person(letter.sender_name, own),
        "Reply-To": _person(office, own),
        "Date": format_datetime(delivery.created_at),
        "Message-ID": message_ids.of_delivery(delivery.id),
        "In-Reply-To": follows or "",
        "References": " ".join(refers),
        **_by_machine(delivery.topic),
    }
    made = EmailMultiAlternatives(
        subject=_encoded(letter.subject, "Subject"),
        body=letter.text,
        from_email=own,
        to=[_checked(delivery.recipient)],
        headers={name: value for name, value in headers.items() if value},
        alternatives=[(letter.html, "text/html")],
    )
    made.encoding = UTF8
    return made


def _by_machine(topic: Topic) -> dict[str, str]:
    """What tells other machines not to answer; a colleague's reply is a person's mail."""
    if topic is Topic.REPLY:
        return {}
    if topic is Topic.RECEIPT:
        return {
            "Auto-Submitted": "auto-replied",
            "X-Auto-Response-Suppress": SUPPRESS,
            "Precedence": "auto_reply",
        }
    return {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": SUPPRESS}


def _checked(address: str) -> str:
    """The address, if it is one and only one: what is more would be a second recipient."""
    if not ADDRESS.fullmatch(address) or not address.isprintable():
        raise LetterError("no_address", for_good=True)
    return address


def _person(name: str, address: str) -> str:
    line, coded = _one_line(name), _encoded(name, "From")
    return formataddr((line, address)) if coded == line else f"{coded} <{address}>"


def _encoded(text: str, header: str) -> str:
    """The text on one line of plain letters, so that nothing in it is taken for anything else.

    What looks as if it were encoded already is encoded too: it shall be read as it was written.
    """
    line = _one_line(text)
    if line.isascii() and line.isprintable() and "=?" not in line:
        return line
    return Header(line, "utf-8", header_name=header).encode(linesep="")


def _one_line(text: str) -> str:
    return " ".join(text.split())
