"""Those who call: found by a few letters, or made from what a worker was told.

A worker writes one line of a person: a name, a number, an address, the organisation behind a
comma. Who is meant is never guessed: what names one person takes him, what may be several is
asked for, and what nobody has makes a new requester.
"""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import func, or_, select, union_all
from sqlalchemy.orm import Session, lazyload

from console import clock
from console.accounts import names, organisations
from console.accounts.errors import AccountError, NotAllowed
from console.accounts.history import Kind, record
from console.accounts.phones import clean_phone
from console.accounts.rules import get_role
from console.accounts.search import ways_to
from console.accounts.written import Written, name_for, one_line, parse
from console.models import (
    REQUESTER,
    WORK,
    AccountEvent,
    Organisation,
    User,
    login_key,
    row_number,
)
from console.models.user import SYSTEM

FOUND_MAX = 8
# So many of the same name are told apart.
NAMESAKES_MAX = 20
# What `chosen` says when it is none of those that are there.
NEW = "new"


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
    """What a text would come to: the account that is meant, or the new one; or why neither.

    `unclear`: somebody is found by it who may not be taken without being chosen.
    """

    account: Person | None = None
    new: Written | None = None
    refusal: str = ""
    unclear: bool = False


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
    ways = ways_to(one_line(text), written, limit)
    if not ways:
        return []
    found = union_all(*(select(way.subquery()) for way in ways)).subquery()
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
    unclear = bool(active) and account is None
    try:
        holder, *_rest = _checked(session, written, anew=True)
    except AccountError as refusal:
        return Outcome(account, refusal="" if account else str(refusal), unclear=unclear)
    shut = _shut_out(named[0]) if named and settled and not active else ""
    return Outcome(account, None if holder else written, shut, unclear)


def get_or_introduce(session: Session, actor: User, text: str, *, chosen: str = "") -> User:
    """The account that is meant by the text, or a new one of what it says.

    `chosen` is the number of an account that the text may mean, or NEW, when the worker has
    chosen. Refused with the choices when several may be meant, and for one who is shut out.
    """
    _require(actor)
    written, named, settled = _named(session, text)
    active = [account for account in named if account.active]
    account = _chosen(session, chosen)
    if account:
        key = login_key(one_line(text))
        people = find(session, actor, text)
        meant = {person.id for person in people} | {one.id for one in named}
        if account.id in meant or account.login_name == key:
            return _usable(account)
        # The text was written over after the choice.
        raise _unclear([person(one) for one in active] or people)
    if chosen != NEW:
        if settled and len(active) == 1:
            return active[0]
        if named and not active:
            raise Unclear(_shut_out(named[0]), [])
        choices = [person(one) for one in active]
        if not choices and not (written.email or written.phone):
            choices = find(session, actor, text)
        if choices:
            raise _unclear(choices)
    return introduce(
        session,
        actor,
        name=written.name,
        email=written.email,
        phone=written.phone,
        organisation=written.organisation,
        anew=chosen == NEW,
    )


def introduce(
    session: Session,
    actor: User,
    *,
    name: str,
    email: str = "",
    phone: str = "",
    organisation: str = "",
    anew: bool = False,
) -> User:
    """Make a requester of one who called: without a password, and with an address if he gave one.

    Whoever has the address already is answered instead of a second account, and so is the one
    who has the number, unless he is called otherwise or `anew` says that it is somebody else.
    """
    _require(actor)
    written = Written(name, email, phone, organisation)
    number = clean_phone(phone)
    # Before the holders are looked for: who takes the number in between is found, or collides.
    placeholder = _placeholder(session, number)
    holder, wanted, place = _checked(session, written, anew=anew)
    if holder:
        return holder
    account = User(
        username=names.free_username(session, wanted),
        email=names.clean_email(email) if email else placeholder,
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


def _named(session: Session, text: str) -> tuple[Written, Sequence[User], bool]:
    """What was written, the accounts that it names in full, and whether that settles who it is.

    An address settles it, and so does a number that somebody has, unless another name or address
    was written beside it: a switchboard has many callers. A name alone does unless two have it
    or its one holder has only said so himself. A name with a number that nobody has may be either.
    """
    written = parse(text)
    if names.find_by_login(session, one_line(text)) and not written.email:
        written = Written(name=one_line(text))  # a username may look like a name and a number
    # Before the holders are: who is added in between is found as one of them.
    namesakes = _namesakes(session, written) if written.name else []
    if not (written.email or written.phone):
        active = [account for account in namesakes if account.active]
        return written, namesakes, len(active) != 1 or _is_vouched_for(session, active[0])
    holders = _holders(session, written)
    own = [account for account in holders if account.email == written.email]
    if own:
        return written, own, True
    callers, settled = _callers(written, holders)
    if settled:
        return written, callers, True
    if written.email:
        return written, callers, not callers
    return written, [*callers, *namesakes], False


def _holders(session: Session, written: Written) -> Sequence[User]:
    """Those who have the address or the number, the ones that may be taken first."""
    known = [User.email == written.email] if written.email else []
    known += [User.phone == written.phone] if written.phone else []
    if not known:
        return []
    there = select(User).where(or_(*known)).order_by(User.active.desc(), User.id)
    return session.scalars(there.limit(FOUND_MAX + 1)).all()


def _callers(written: Written, holders: Sequence[User]) -> tuple[Sequence[User], bool]:
    """Those who may be calling from the number, and whether that settles who it is."""
    same = [account for account in holders if written.name and _is_called(account, written)]
    if same or not (written.name or written.email):
        return same or holders, True
    return [account for account in holders if account.active], False


def _is_vouched_for(session: Session, account: User) -> bool:
    """Whether the name may be believed: anybody can register under one."""
    if account.confirmed_at is None:
        return False
    registered = select(AccountEvent.id).where(
        AccountEvent.account_id == account.id, AccountEvent.kind == Kind.REGISTERED.value
    )
    return account.organisation_id is not None or not session.scalar(registered.limit(1))


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


def _checked(
    session: Session, written: Written, *, anew: bool = False
) -> tuple[User | None, str, Organisation | None]:
    """Who has the address or the number already, else the name and the organisation to be used.

    Two may have one number: `anew` looks at the address alone. Raises AccountError for what
    cannot be made an account of.
    """
    address = names.clean_email(written.email) if written.email else ""
    known = written._replace(email=address, phone=clean_phone(written.phone))
    holders = _holders(session, known._replace(phone="") if anew else known)
    own = [account for account in holders if account.email == address]
    if own:
        return _usable(own[0]), "", None
    callers, settled = _callers(written, holders)
    if callers and not settled:
        raise _unclear([person(account) for account in callers])
    if callers:
        return _usable(callers[0]), "", None
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


def _chosen(session: Session, chosen: str) -> User | None:
    account = session.get(User, row_number(chosen))
    return None if account is None or account.is_system else account


def _unclear(choices: Sequence[Person]) -> Unclear:
    if len(choices) > 1:
        return Unclear(_("More than one person matches. Choose who it is."), choices)
    return Unclear(_("Choose who it is."), choices)


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
