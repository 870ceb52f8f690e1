"""Saved views: a worker's own lists, kept under a name, for himself or for all workers."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Integer, bindparam, or_, select
from sqlalchemy.orm import Session, joinedload

from console import clock
from console.models import ADMINISTER, SavedView, User
from console.tickets import policy, rules
from console.tickets.errors import NotAllowed, NotThere, TicketError

ME = bindparam("me", type_=Integer)
# Made once: they stand above every list.
VISIBLE = (
    select(SavedView)
    .where(or_(SavedView.owner_id == ME, SavedView.shared.is_(True)))
    .order_by(SavedView.owner_id != ME, SavedView.name, SavedView.id)
    .limit(2 * SavedView.MOST)
    .options(joinedload(SavedView.owner).load_only(User.username).lazyload(User.role))
)


def visible(session: Session, actor: User) -> Sequence[SavedView]:
    """The actor's own views and those that are shared, his own first; 24 at the most."""
    policy.require(actor, "keep_views")
    return session.scalars(VISIBLE, {"me": actor.id}).all()


def get(session: Session, actor: User, view_id: int) -> SavedView:
    """The view, if it is the actor's or shared. Raises NotThere."""
    policy.require(actor, "keep_views")
    view = session.get(SavedView, view_id)
    if view is None or not (view.shared or view.owner_id == actor.id):
        raise NotThere(_("There is no such view."))
    return view


def keep(
    session: Session, actor: User, *, name: str, shared: bool, asked: dict[str, Any]
) -> SavedView:
    """Keep what was asked for under a name; the actor's own view of that name is replaced."""
    policy.require(actor, "keep_views")
    name = rules.clean_title(name)
    if not name or len(name) > SavedView.NAME_MAX or not rules.is_visible(name):
        raise TicketError(
            _("Give the view a name of %(most)d characters at most.", most=SavedView.NAME_MAX),
            field="name",
            status=422,
        )
    own = session.scalars(
        select(SavedView).where(SavedView.owner_id == actor.id).with_for_update()
    ).all()
    view = next((v for v in own if v.name.casefold() == name.casefold()), None)
    if view is None:
        if len(own) >= SavedView.MOST:
            raise TicketError(
                _("You have %(most)d views already. Delete one first.", most=SavedView.MOST)
            )
        view = SavedView(owner_id=actor.id)
        session.add(view)
    view.name, view.shared, view.asked, view.updated_at = name, shared, asked, clock.now()
    session.flush()  # its number is part of its address
    return view


def forget(session: Session, actor: User, view: SavedView) -> None:
    """Delete the view. One's own; an admin also what others share."""
    policy.require(actor, "keep_views")
    if view.owner_id != actor.id and not actor.can(ADMINISTER):
        raise NotAllowed
    session.delete(view)
