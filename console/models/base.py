"""What every table shares: names of constraints, texts, and times in UTC."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Enum, MetaData, String, Text
from sqlalchemy.dialects.mysql import DATETIME, MEDIUMTEXT
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

# Predictable names, so that a migration can drop and a refusal can name a constraint.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The base of all tables."""

    metadata = MetaData(naming_convention=NAMES)


class UTCDateTime(TypeDecorator[datetime]):
    """An aware UTC time in Python, a plain UTC time with microseconds in the database."""

    impl = DateTime().with_variant(DATETIME(fsp=6), "mysql")
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


class NameList(TypeDecorator[list[str]]):
    """A short list of names, with commas between them in the database.

    (Flask-Security's AsaList does the same, but keeps SQLAlchemy from caching every query
    that has the column: it does not say cache_ok.)
    """

    impl = String(500)
    cache_ok = True

    def process_bind_param(self, value: list[str] | None, dialect: Any) -> str:
        return ",".join(value or [])

    def process_result_value(self, value: str | None, dialect: Any) -> list[str]:
        return value.split(",") if value else []


class SortedNames(NameList):
    """Names that the database gathers in whatever order it meets them; here by the alphabet."""

    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Any) -> list[str]:
        return sorted(super().process_result_value(value, dialect))


# Above every character that can be stored: a text and this one is the end of the stretch of an
# index in which all begins with the text.
LAST = "\U0010ffff"

# The largest number that a row may have.
ID_MAX = 2**31 - 1


def row_number(text: str) -> int:
    """The number of a row that the text is; 0 when it is none that a row could have."""
    fits = text.isascii() and text.isdecimal() and len(text) < 11 and int(text) <= ID_MAX
    return int(text) if fits else 0


def stored(enum: type[StrEnum], name: str) -> Enum:
    """The enum by its value, as text with a CHECK: readable to anyone with an SQL prompt."""
    return Enum(
        enum,
        native_enum=False,
        length=20,
        create_constraint=True,
        name=name,
        values_callable=lambda members: [member.value for member in members],
    )


# MariaDB's TEXT ends at 64 KB; a long text in utf8mb4 needs more.
LongText = Text().with_variant(MEDIUMTEXT(), "mysql")


def exact(length: int) -> Any:
    """A text in which a and A, and å and aa, are different: for keys that people log in by."""
    return String(length).with_variant(String(length, collation="utf8mb4_bin"), "mysql")
