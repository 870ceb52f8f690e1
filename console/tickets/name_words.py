"""The words in the names and addresses of requesters and organisations, kept for search.

Tickets have a word for their requester and one for his organisation (tickets/words.py), which
stay when the names change.
"""

from typing import Any

from sqlalchemy import Table, delete, event, insert, inspect
from sqlalchemy.orm import Session

from console.models import Organisation, OrganisationWord, User, UserWord
from console.tickets.words import words_of

USER_WORDS: Table = UserWord.__table__  # type: ignore[assignment]
ORGANISATION_WORDS: Table = OrganisationWord.__table__  # type: ignore[assignment]


@event.listens_for(Session, "after_flush")
def remember(session: Session, *_: Any) -> None:
    """Keep the words of every name that is new or has changed, whoever changed it."""
    for row in (*session.new, *session.dirty):
        if isinstance(row, User) and _is_changed(row, "username", "email"):
            _keep(session, row, USER_WORDS.c.user_id, f"{row.username} {row.email}")
        elif isinstance(row, Organisation) and _is_changed(row, "name"):
            _keep(session, row, ORGANISATION_WORDS.c.organisation_id, row.name)


def _is_changed(row: Any, *names: str) -> bool:
    attributes = inspect(row).attrs
    return any(attributes[name].history.has_changes() for name in names)


def _keep(session: Session, row: User | Organisation, key: Any, written: str) -> None:
    # Past the session, which is in the middle of writing.
    connection = session.connection()
    if row not in session.new:  # to look in vain would lock the place of those who come next
        connection.execute(delete(key.table).where(key == row.id))
    words = words_of(written)
    if words:
        connection.execute(insert(key.table), [{key.name: row.id, "word": w} for w in words])
