"""Which attached files an actor may see."""

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from console.models import ID_MAX, Attachment, Message, Ticket, User
from console.tickets import policy, queries
from console.tickets.errors import NotThere


class FileNotThere(NotThere):
    """There is no such file, or the actor may not know of it; the two look the same."""

    def __init__(self) -> None:
        super().__init__(_("There is no such file."))


def get_visible_file(session: Session, actor: User, attachment_id: int) -> Attachment:
    """A file on a ticket that the actor may see, or his own that is not yet sent.

    Those of internal notes are for workers. Raises FileNotThere when there is none to see.
    """
    found = None
    if 0 < attachment_id <= ID_MAX:
        tickets = queries.visible_to(actor).with_only_columns(Ticket.id)
        attached: ColumnElement[bool] = Attachment.ticket_id.in_(tickets)
        if not policy.may(actor, "see_all"):
            public = or_(Attachment.message_id.is_(None), Message.internal.is_(False))
            attached = and_(attached, public)
        pending = and_(Attachment.ticket_id.is_(None), Attachment.uploader_id == actor.id)
        found = session.scalar(
            select(Attachment)
            .outerjoin(Message, Attachment.message_id == Message.id)
            .where(Attachment.id == attachment_id, or_(attached, pending))
        )
    if found is None:
        raise FileNotThere
    return found
