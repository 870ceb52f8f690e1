"""The ways in which a few letters may name people, each a stretch of an index."""

import re
from typing import Any

from sqlalchemy import literal, select

from console.accounts.written import Written
from console.models import Organisation, User, login_key
from console.models.base import LAST
from console.models.user import SYSTEM

# So many organisations that begin like this are looked through.
ORGANISATIONS_MAX = 20
# Fewer digits than this would find half the country.
DIGITS_MIN = 3


def _begins(column: Any, start: str) -> Any:
    """The stretch of an index that begins so; LIKE would read all of it on SQLite."""
    return column.between(start, start + LAST)


def ways_to(text: str, written: Written, limit: int) -> list[Any]:
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
