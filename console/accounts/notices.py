"""What people choose for themselves: how they are told, of what, and in which language."""

from collections.abc import Collection
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from console.accounts.errors import AccountError, NotAllowed
from console.accounts.history import Kind, record
from console.accounts.phones import clean_phone
from console.models import WORK, AccountEvent, ContactBy, Medium, NoticeChoice, Topic, User
from console.notify.choices import CHOOSABLE, DEFAULTS, address

Cell = tuple[Topic, Medium]


def chosen(session: Session, account: User) -> set[Cell]:
    """Of what the worker is told by which ways, whether or not those lead anywhere now."""
    told = {(topic, medium) for topic in CHOOSABLE for medium in DEFAULTS[topic]}
    for row in _own(session, account).values():
        (told.add if row.chosen else told.discard)((row.topic, row.channel))
    return told


def choose(
    session: Session,
    actor: User,
    account: User,
    *,
    contact_by: str,
    phone: str | None = None,
    told: Collection[Cell] = (),
    media: Collection[Medium] = (),
    chat_url: str | None = None,
    wakes: bool | None = None,
) -> AccountEvent | None:
    """Set how the person is told; only his own choice. What is not given stays as it is.

    `phone` is None where no text messages can be sent. For workers `told` says of what and how,
    as far as the ways in `media` go, and `chat_url` is an address that chat.check() has passed,
    or empty for none. Refused for text messages without a mobile number.
    """
    if actor.id != account.id or not account.active or account.is_system:
        raise NotAllowed
    if contact_by not in list(ContactBy):
        raise AccountError(
            _("Choose how you want to hear of your tickets."), field="contact_by", status=422
        )
    if contact_by == ContactBy.SMS and phone is None:
        raise AccountError(
            _("Text messages cannot be sent from here."), field="contact_by", status=422
        )
    is_worker = account.can(WORK)
    told = set(told) if is_worker else set()
    if phone is not None:
        _set_phone(session, account, clean_phone(phone))
    wants_sms = contact_by == ContactBy.SMS or any(medium == Medium.SMS for _topic, medium in told)
    if phone is not None and wants_sms and not account.mobile:
        raise AccountError(
            _(
                "Text messages need a mobile number: eight digits that begin with 4 or 9, or a"
                " foreign one with + first."
            ),
            field="phone",
            status=422,
        )
    changes: dict[str, list[Any]] = {}
    if account.contact_by != contact_by:
        changes["contact_by"] = [account.contact_by.value, contact_by]
        account.contact_by = ContactBy(contact_by)
    if is_worker and chat_url is not None and account.chat_url != chat_url:
        # Its kind alone: the address is as good as a password.
        before = address(account, Medium.CHAT)
        account.chat_url = chat_url
        changes["chat"] = [before, address(account, Medium.CHAT)]
    if is_worker and wakes is not None and account.wakes != wakes:
        changes["wakes"] = [account.wakes, wakes]
        account.wakes = wakes
    if is_worker and media:
        changes |= _tell(session, account, told, media)
    if not changes:
        return None
    return record(session, actor, account, Kind.NOTICES_CHOSEN, **changes)


def speak(account: User, language: str) -> None:
    """Write to the person in that language from now on."""
    if account.language != language:
        account.language = language


def _set_phone(session: Session, account: User, number: str) -> None:
    if number != account.phone:
        record(session, account, account, Kind.PHONE_CHANGED, phone=[account.phone, number])
        account.phone = number


def _own(session: Session, account: User) -> dict[Cell, NoticeChoice]:
    rows = session.scalars(select(NoticeChoice).where(NoticeChoice.user_id == account.id))
    return {(row.topic, row.channel): row for row in rows}


def _tell(
    session: Session, account: User, told: set[Cell], media: Collection[Medium]
) -> dict[str, list[Any]]:
    """Keep what differs from the usual, and answer what has changed, by topic."""
    own, before = _own(session, account), chosen(session, account)
    changes: dict[str, list[Any]] = {}
    for topic in CHOOSABLE:
        for medium in media:
            cell = topic, medium
            if (cell in told) == (cell in before):
                continue
            if cell in own:
                own[cell].chosen = cell in told
            else:
                session.add(
                    NoticeChoice(
                        user_id=account.id, topic=topic, channel=medium, chosen=cell in told
                    )
                )
        now = [m for m in Medium if (topic, m) in (told if m in media else before)]
        then = [m for m in Medium if (topic, m) in before]
        if now != then:
            changes[topic.value] = [[m.value for m in then], [m.value for m in now]]
    return changes
