"""What the worker processes have to do, and when."""

from datetime import datetime
from enum import IntEnum

from sqlalchemy import Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from console.models.base import Base, UTCDateTime


class Lane(IntEnum):
    """Which jobs go first when many are due: a queue of mails must not hold up a warning."""

    # What the program does for itself, again and again or when it is alarmed.
    PERIODIC = 0
    PEOPLE = 1
    AUTOMATIC = 2


class Job(Base):
    """One thing to do at a time. A row is claimed by one worker at once, for as long as its lease.

    A job that is done is deleted; a periodic one gets its next time.
    """

    __tablename__ = "jobs"

    NAME_MAX, ERROR_MAX = 40, 255

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_MAX))
    # The number of the row that it is about; 0 when about none.
    about: Mapped[int] = mapped_column(default=0)
    lane: Mapped[int] = mapped_column(SmallInteger, default=Lane.PERIODIC)
    # None: it waits for a setting, such as MAIL_SERVER, and is due once that is there.
    run_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    # Until when it belongs to the worker that has the token. After that anybody may claim it.
    leased_until: Mapped[datetime | None] = mapped_column(UTCDateTime())
    token: Mapped[str | None] = mapped_column(String(32))
    # How often in a row it has failed, and why the last time.
    failures: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(String(ERROR_MAX), default="")
    # When a periodic one was last done.
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    __table_args__ = (
        UniqueConstraint("name", "about"),
        Index(None, "lane", "run_at", "id"),
    )
