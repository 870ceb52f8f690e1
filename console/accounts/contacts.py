"""Those who call: found by a few letters, or made from what a worker was told.

A worker writes one line of a person: a name, a number, an address, the organisation behind a
comma. Who is meant is never guessed: what names one person takes him, what may be several is
asked for, and what nobody has makes a new requester.
"""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, literal, or_, select, union_all
from sqlalchemy.orm import Session, lazyload

from console import clock
from console.accounts import names, organisations
from console.accounts.errors import AccountError, NotAllowed
from console.accounts.history import Kind, record
from console.accounts.phones import clean_phone
from console.accounts.rules import get_role
from console.accounts.written import Written, name_for, one_line, parse
from console.models import ID_MAX, REQUESTER, WORK, Organisation, User, login_key
from console.models.user import SYSTEM

FOUND_MAX = 8
# So many organisations that begin like this are looked through.
ORGANISATIONS_MAX = 20
# So many of the same name are told apart.
NAMESAKES_MAX = 20
# Fewer digits than this would find half the country.
DIGITS_MIN = 3
# What `chosen` says when it is none of those that are there.
NEW = "new"
# Above every character that can be stored.
LAST = "\U0010ffff"


@dataclass(frozen=True)
class Person:
    """One who may be meant, with what tells two of the same name apart."""

    id: int
    name: str
    address: str
    phone: str
    organisation: str


@dataclass(frozen=True)
class Outcome:
    """What a text would come to: the account that is meant, or the new one; or why neither."""

    account: Person | None = None
    new: Written | None = None
    refusal: str = ""


class Unclear(AccountError):
    """Several may be meant, or none that may be taken; `choices` are those to choose from."""

    status = 422

    def __init__(self, sentence: str, choices: Sequence[Person]) -> None:
        super().__init__(sentence, field="requester")
        self.choices = choices


def find(session: Session, actor: User, text: str, limit: int = FOUND_MAX) -> list[Person]:
    """Those who may be meant by a few letters, the likeliest first; one statement.

    By the start of a name, of the last name, of an address, of a number or of the organisation's
    name; exactly by a whole address or number. Never who is shut out, nor the system.
    """
    _require(actor)
    written = parse(text)
    matches = _matches(one_line(text), written, limit)
    if not matches:
        return []
    found = union_all(*(select(match.subquery()) for match in matches)).subquery()
    best = select(found.c.id, func.min(found.c.rank).label("rank")).group_by(found.c.id).subquery()
    rows = session.execute(
        select(User.id, User.username, User.email, User.phone, Organisation.name)
        .join(best, best.c.id == User.id)
        .outerjoin(Organisation, Organisation.id == User.organisation_id)
        .order_by(best.c.rank, User.login_name)
        .limit(limit)
    )
    return [_person(*row) for row in rows]


def outcome(session: Session, actor: User, text: str) -> Outcome:
    """What get_or_introduce() would do with the text, as far as it can be said before."""
    _require(actor)
    written, named, settled = _named(session, text)
    active = [account for account in named if account.active]
    account = person(active[0]) if settled and len(active) == 1 else None
    if not any(written):
        return Outcome()
    try:
        holder, *_rest = _checked(session, written)
    except AccountError as refusal:
        return Outcome(account, refusal="" if account else str(refusal))
    shut = named and settled and not active
    return Outcome(account, None if holder else written, _shut_out(named[0]) if shut else "")


def get_or_introduce(session: Session, actor: User, text: str, *, chosen: str = "") -> User:
    """The account that is meant by the text, or a new one of what it says.

    `chosen` is the number of an account, or NEW, when the worker has chosen. Refused with the
    choices when several may be meant, and for one who is shut out.
    """
    _require(actor)
    if chosen.isascii() and chosen.isdecimal() and int(chosen[:10]) <= ID_MAX:
        account = session.get(User, int(chosen[:10]))
        if account and not account.is_system:
            return _usable(account)
    written, named, settled = _named(session, text)
    if chosen != NEW:
        active = [account for account in named if account.active]
        if settled and len(active) == 1:
            return active[0]
        if named and not active:
            raise Unclear(_shut_out(named[0]), [])
        choices = [person(account) for account in active]
        if not choices and not (written.email or written.phone):
            choices = find(session, actor, text)
        if choices:
            raise Unclear(_("More than one person matches. Choose who it is."), choices)
    return introduce(
        session,
        actor,
        name=written.name,
        email=written.email,
        phone=written.phone,
        organisation=written.organisation,
    )


def introduce(
    session: Session,
    actor: User,
    *,
    name: str,
    email: str = "",
    phone: str = "",
    organisation: str = "",
) -> User:
    """Make a requester of one who called: without a password, and with an address if he gave one.

    Whoever has the address or the number already is answered instead of a second account.
    """
    _require(actor)
    written = Written(name, email, phone, organisation)
    holder, wanted, place = _checked(session, written)
    if holder:
        return holder
    number = clean_phone(phone)
    account = User(
        username=names.free_username(session, wanted),
        email=names.clean_email(email) if email else _placeholder(session, number),
        password=None,
        roles=[get_role(session, REQUESTER)],
        phone=number,
        organisation=place,
        active=True,
        confirmed_at=clock.now(),
        created_at=clock.now(),
    )
    account.organisation_id = place.id if place else None
    session.add(account)
    record(session, actor, account, Kind.INTRODUCED)
    organisations.place(session, account)
    session.flush()  # two who do so at once are told apart by the UNIQUEs, and one looks again
    return account


def person(account: User) -> Person:
    """The account as one of those to choose from."""
    organisation = account.organisation.name if account.organisation else None
    return _person(account.id, account.username, account.email, account.phone, organisation)


def _require(actor: User) -> None:
    if not (isinstance(actor, User) and (actor.active or actor.is_system) and actor.can(WORK)):
        raise NotAllowed


def _person(number: int, username: str, email: str, phone: str, organisation: str | None) -> Person:
    address = "" if email.endswith(User.NO_ADDRESS) else email
    return Person(number, username, address, phone, organisation or "")


def _begins(column: Any, start: str) -> Any:
    """The stretch of an index that begins so; LIKE would read all of it on SQLite."""
    return column.between(start, start + LAST)


def _matches(text: str, written: Written, limit: int) -> list[Any]:
    """A SELECT for each way in which the text may name people, each of a few rows of an index."""
    key = login_key(written.name)
    ways: list[tuple[Any, Any]] = []
    if written.email:
        ways.append((User.email == written.email, User.email))
    if written.phone:
        ways.append((User.phone == written.phone, User.id))
    if len(login_key(text)) > 1 and login_key(text) != key:
        ways.append((_begins(User.login_name, login_key(text)), User.login_name))
    if len(key) > 1:
        first, _blank, last = key.rpartition(" ")
        ways.append((_begins(User.login_name, key), User.login_name))
        ways.append((_begins(User.family_name, last), User.family_name))
        if first:  # «Kari Moe» may be Kari Anne Moe
            of_both = _begins(User.login_name, first.split()[0])
            ways[-1] = (of_both & ways[-1][0], User.family_name)
    if len(text) > 1 and " " not in text:
        ways.append((_begins(User.email, text.lower()), User.email))
    digits = re.sub(r"[\s.()\-/]|^(?:\+|00)47", "", text)
    if len(digits) >= DIGITS_MIN and digits.lstrip("+").isdecimal():
        # No collation puts anything but digits between these.
        ways.append((User.phone.between(digits, digits.ljust(User.PHONE_MAX, "9")), User.phone))
    there = User.active.is_(True) & (User.login_name != SYSTEM)
    of = _organisations_like(written.organisation) if written.organisation else None
    if of is not None:
        there &= User.organisation_id.in_(select(of.c.id))
    found = [
        select(User.id, literal(rank).label("rank"))
        .where(condition, there)
        .order_by(order)
        .limit(limit)
        for rank, (condition, order) in enumerate(ways)
    ]
    if key and len(key) > 2 and not written.organisation:
        of = _organisations_like(written.name)
        found.append(
            select(User.id, literal(len(ways)).label("rank"))
            .join(of, of.c.id == User.organisation_id)
            .where(there)
            .limit(limit)
        )
    return found


def _organisations_like(start: str) -> Any:
    return (
        select(Organisation.id)
        .where(Organisation.name.startswith(start, autoescape=True))
        .limit(ORGANISATIONS_MAX)
        .subquery()
    )


def _named(session: Session, text: str) -> tuple[Written, Sequence[User], bool]:
    """What was written, the accounts that it names in full, and whether that settles who it is.

    An address settles it, and so does a number that somebody has; a name alone does unless two
    have it. A name with a number that nobody has may be either.
    """
    written = parse(text)
    if names.find_by_login(session, one_line(text)) and not written.email:
        written = Written(name=one_line(text))  # a username may look like a name and a number
    # Before the holders are: who is added in between is found as one of them.
    namesakes = _namesakes(session, written) if written.name else []
    if written.email or written.phone:
        known = or_(
            User.email == written.email,
            (User.phone == written.phone) & (User.phone != ""),
        )
        holders = session.scalars(
            select(User).where(known).order_by(User.active.desc(), User.id).limit(FOUND_MAX + 1)
        ).all()
        own = [account for account in holders if account.email == written.email]
        if own or written.email:
            return written, own or holders, True
        if holders:
            same = [account for account in holders if _is_called(account, written)]
            return written, same if written.name and same else holders, True
    return written, namesakes, not (written.name and written.phone)


def _namesakes(session: Session, written: Written) -> list[User]:
    """Those of that name, the ones that may be taken first."""
    key = login_key(written.name)
    found = session.scalars(
        select(User)
        .where(
            User.login_name.between(key, f"{key} :"),  # the name, and with a number behind
            User.login_name != SYSTEM,
        )
        .order_by(User.login_name)
        .limit(NAMESAKES_MAX)
        .options(lazyload(User.role))  # joined, it would have all of them sorted
    )
    named = [account for account in found if _is_called(account, written)]
    return sorted(named, key=lambda account: (not account.active, account.id))[: FOUND_MAX + 1]


def _is_called(account: User, written: Written) -> bool:
    """Whether the account has that name, perhaps as the second, and works there."""
    if not re.fullmatch(rf"{re.escape(login_key(written.name))}(?: \d+)?", account.login_name):
        return False
    of = account.organisation.name.casefold() if account.organisation else ""
    return of.startswith(written.organisation.casefold())


def _checked(session: Session, written: Written) -> tuple[User | None, str, Organisation | None]:
    """Who has the address or the number already, else the name and the organisation to be used.

    Raises AccountError for what cannot be made an account of.
    """
    address = names.clean_email(written.email) if written.email else ""
    number = clean_phone(written.phone)
    known = [User.email == address] if address else []
    known += [User.phone == number] if number else []
    if known:
        holders = session.scalars(
            select(User).where(or_(*known)).order_by(User.active.desc(), User.id).limit(FOUND_MAX)
        ).all()
        own = [account for account in holders if account.email == address]
        if own or holders:
            return _usable((own or holders)[0]), "", None
    wanted = names.clean_username(name_for(written))
    place = None
    if written.organisation:
        place = organisations.find_by_name(session, written.organisation)
        if place is None:
            raise AccountError(
                _("There is no organisation of that name. Write only the person's."),
                field="requester",
                status=422,
            )
    return None, wanted, place


def _usable(account: User) -> User:
    """The account, unless it is shut out or the program's own."""
    if not account.active or account.is_system:
        raise Unclear(_shut_out(account), [])
    return account


def _shut_out(account: User) -> str:
    return _(
        "%(name)s has an account that an admin has closed. An admin can open it again.",
        name=account.username,
    )


def _placeholder(session: Session, number: str) -> str:
    """What stands for the address of one who gave none; by it two who add him at once meet."""
    address = f"{number}{User.NO_ADDRESS}"
    if number and not session.scalar(select(User.id).where(User.email == address)):
        return address
    return f"{uuid.uuid4().hex}{User.NO_ADDRESS}"
