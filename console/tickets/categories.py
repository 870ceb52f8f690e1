"""The list of categories, which an admin keeps. None is deleted: old tickets have it."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from console.accounts.history import Kind, record
from console.models import AccountEvent, Category, User
from console.tickets import policy, rules
from console.tickets.errors import TicketError

POSITION_MAX = 999
MOST = 200


def define(session: Session, actor: User, *, name: str, position: int | None = None) -> Category:
    """Add a category, as the last one unless its place is given."""
    policy.require(actor, "keep_categories")
    others = _all(session)
    if len(others) >= MOST:
        raise TicketError(_("At most %(most)d categories.", most=MOST), field="name", status=422)
    if position is None:
        position = last_place(session)
    category = Category(name="", position=0, active=True)
    _set(session, actor, category, others, name=name, position=position, active=True)
    return category


def change(
    session: Session, actor: User, category: Category, *, name: str, position: int, active: bool
) -> AccountEvent | None:
    """Rename a category, move it, put it out of use or into use again."""
    policy.require(actor, "keep_categories")
    return _set(
        session, actor, category, _all(session), name=name, position=position, active=active
    )


def last_place(session: Session) -> int:
    """The place after all others."""
    return min(max((other.position for other in _all(session)), default=0) + 1, POSITION_MAX)


def _all(session: Session) -> Sequence[Category]:
    in_order = select(Category).order_by(Category.position, Category.name, Category.id)
    return session.scalars(in_order.limit(MOST)).all()


def _set(
    session: Session, actor: User, category: Category, others: Sequence[Category], **wanted: Any
) -> AccountEvent | None:
    name = wanted["name"] = rules.clean_title(wanted["name"])
    if not 2 <= len(name) <= Category.NAME_MAX or not rules.is_visible(name):
        raise TicketError(
            _("A category has a name of 2 to %(most)d characters.", most=Category.NAME_MAX),
            field="name",
            status=422,
        )
    if any(other.name.casefold() == name.casefold() for other in others if other is not category):
        raise TicketError(_("There is a category of that name already."), field="name")
    if not 0 <= wanted["position"] <= POSITION_MAX:
        raise TicketError(
            _("The place in the list is a number from 0 to %(most)d.", most=POSITION_MAX),
            field="position",
            status=422,
        )
    told = {
        {"name": "category"}.get(field, field): [getattr(category, field), value]
        for field, value in wanted.items()
        if getattr(category, field) != value
    }
    if not told:
        return None
    for field, value in wanted.items():
        setattr(category, field, value)
    session.add(category)
    told.setdefault("category", [name, name])
    return record(session, actor, actor, Kind.LIST_CHANGED, **told)
