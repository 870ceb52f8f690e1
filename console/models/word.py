"""Words that search goes by, as tickets/words.py and tickets/name_words.py write them.

The full-text index (ticket_words) is not here: it is made by hand in a migration, differently
on the two databases.
"""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from console.models.base import Base, exact

# InnoDB leaves words longer than 84 out of its index (innodb_ft_max_token_size), and a word has
# the sign of its shelf before it there.
WORD_MAX = 80
# A compound that can be found by its parts has so many letters at the most.
COMPOUND_MAX = 40


class RecentWord(Base):
    """That one of the newest tickets has a word."""

    __tablename__ = "recent_words"

    ticket_id: Mapped[int] = mapped_column(
        ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True
    )
    word: Mapped[str] = mapped_column(exact(WORD_MAX), primary_key=True)

    # The newest tickets of a word are one stretch of it.
    __table_args__ = (Index(None, "word", "ticket_id"),)


class WordTail(Base):
    """That a word of some ticket ends so: «nettverksskriver» in «skriver», «river», …"""

    __tablename__ = "word_tails"

    tail: Mapped[str] = mapped_column(exact(COMPOUND_MAX), primary_key=True)
    word: Mapped[str] = mapped_column(exact(COMPOUND_MAX), primary_key=True)


class UserWord(Base):
    """That somebody's name or address has a word."""

    __tablename__ = "user_words"

    word: Mapped[str] = mapped_column(exact(WORD_MAX), primary_key=True)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )

    __table_args__ = (Index(None, "user_id"),)


class OrganisationWord(Base):
    """That the name of an organisation has a word."""

    __tablename__ = "organisation_words"

    word: Mapped[str] = mapped_column(exact(WORD_MAX), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(
        ForeignKey("organisations.id", ondelete="CASCADE"), primary_key=True
    )

    __table_args__ = (Index(None, "organisation_id"),)
