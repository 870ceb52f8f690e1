"""Filters of the lists. Each knows the condition that it puts on the rows."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from flask_admin.contrib.sqla.filters import BaseSQLAFilter
from flask_babel import gettext
from sqlalchemy import ColumnElement, Select


class Condition(BaseSQLAFilter):
    """One named condition with its kind of input: a list of choices, a text or a date."""

    input_type = "text"

    def __init__(self, key: str, name: Any, where: Callable[[str], Any], **kwargs: Any) -> None:
        # What a saved view calls it; its place among the others may change.
        self.key = key
        self.where = where
        super().__init__(None, name, **kwargs)

    def apply(self, query: Select[Any], value: str, alias: Any = None) -> Select[Any]:
        return query.where(self.condition(value))

    def condition(self, value: str) -> ColumnElement[bool]:
        return self.where(value)

    def operation(self) -> str:
        return ""


class Choice(Condition):
    """One of a few values; any other is no value of this filter.

    With `known`, others count that are not offered any more: a colleague who left, a category
    out of use. A saved view of theirs goes on.
    """

    input_type = "select"

    def __init__(
        self,
        key: str,
        name: Any,
        where: Callable[[str], Any],
        choices: Callable[[], list[tuple[str, str]]],
        known: Callable[[str], bool] | None = None,
    ) -> None:
        self.choices, self.known = choices, known
        super().__init__(key, name, where)

    def validate(self, value: str) -> bool:
        if self.known and self.known(value):
            return True
        return value == "" or value in (key for key, _ in self.choices())


def yes_or_no(key: str, name: Any, column: Any) -> Choice:
    """The choice between those of which something holds and those of which it does not."""
    return Choice(
        key,
        name,
        lambda value: column.is_(value == "yes"),
        lambda: [("yes", gettext("Yes")), ("no", gettext("No"))],
    )


class Day(Condition):
    """A day of the office, from its midnight on or up to its end."""

    input_type = "date"

    def __init__(self, key: str, name: Any, column: Any, *, until: bool = False) -> None:
        super().__init__(key, name, self._where)
        self.time, self.until = column, until

    def validate(self, value: str) -> bool:
        if value == "":
            return True
        try:
            return 2000 <= date.fromisoformat(value).year <= 2200
        except ValueError:
            return False

    def _where(self, value: str) -> Any:
        day = date.fromisoformat(value) + timedelta(days=1 if self.until else 0)
        midnight = datetime.combine(day, time(), ZoneInfo(current_app.config["TIMEZONE"]))
        return self.time < midnight if self.until else self.time >= midnight
