"""When the office is open: all that counts in business time asks here.

Moments come in and go out aware and in UTC; the setting and the clock on the wall of the office
are between. Where one hour comes twice, in autumn, what opens in it opens the second time.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from itertools import groupby
from zoneinfo import ZoneInfo

from babel.lists import format_list
from flask import current_app
from flask_babel import get_locale
from flask_babel import gettext as _
from opening_hours import OpeningHours, State

from console import clock, language

# Whose public holidays PH stands for. The library knows them until 2075.
COUNTRY = "NO"
DIGEST = time(7, 45)
# What does not come within ten years does not come: hours may end («2026 Mo-Fr 08:00-16:00»).
HORIZON = timedelta(days=3653)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
MIDNIGHT, NOON = time(0), time(12)

Times = tuple[tuple[time, time], ...]


def is_open(moment: datetime) -> bool:
    """Whether the office is open."""
    return any(True for _span in _open(moment, moment + timedelta.resolution))


def next_open(moment: datetime) -> datetime | None:
    """The moment itself if the office is open, or when it opens; None when it never does."""
    return next((start for start, _end in _open(moment, moment + HORIZON)), None)


def add(moment: datetime, minutes: int) -> datetime | None:
    """When so many business minutes have passed; None when they never do."""
    left = minutes * MINUTE
    if left <= timedelta():
        return moment.astimezone(UTC)
    for start, end in _open(moment, moment + HORIZON):
        if left <= end - start:
            return start + left
        left -= end - start
    return None


def between(start: datetime, end: datetime) -> int:
    """The whole business minutes from one moment to another; none when it was before."""
    return sum((till - since for since, till in _open(start, end)), timedelta()) // MINUTE


def digest_at(moment: datetime) -> datetime:
    """The next 07:45 of a day on which the office opens, or is open then; of any if it never is."""
    first = language.local(moment).date()
    if _on(first, DIGEST) <= moment:
        first += DAY
    earliest = _on(first, DIGEST)
    for start, end in _open(earliest - DAY, earliest + HORIZON):
        opens = language.local(start).date()
        if opens >= first:
            return _on(opens, DIGEST)
        if end > earliest:
            return earliest
    return earliest


def readable() -> str:
    """The ordinary week, as it is now: «mandag–fredag kl. 08.00–16.00»."""
    locale = get_locale()
    names = locale.days["format"]["wide"]
    week = _week(current_app.config["OPENING_HOURS"], language.local(clock.now()).date())
    if all(map(_whole, week)):
        return _("around the clock")
    said = []
    for times, group in groupby(range(7), key=lambda day: week[day]):
        days = list(group)
        of = names[days[0]] if len(days) == 1 else f"{names[days[0]]}–{names[days[-1]]}"
        if _whole(times):
            said.append(_("%(days)s around the clock", days=of))
        elif times:
            spans = [f"{_said(start)}–{_said(end, ends=True)}" for start, end in times]
            listed = format_list(spans, locale=locale)
            said.append(_("%(days)s %(times)s", days=of, times=listed))
    return ", ".join(said) or _("no ordinary opening hours")


def _open(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The open times between two moments, one after the other, each longer than nothing.

    Always counted from a noon before: asked about a moment within the hour that comes twice, the
    library takes it for the other as well, and two answers would not fit together.
    """
    noon = datetime.combine(language.local(since).date() - DAY, NOON)
    hours = _hours(current_app.config["OPENING_HOURS"], current_app.config["TIMEZONE"])
    spans = hours.intervals(_aware(noon), language.local(until + DAY))
    for begins, ends, state, _comment in spans:
        # First to UTC: with one and the same zone Python subtracts what the clocks on the wall say.
        start = max(begins.astimezone(UTC), since.astimezone(UTC))
        end = min((ends or until).astimezone(UTC), until.astimezone(UTC))
        if state == State.OPEN and start < end:
            yield start, end


@cache
def _hours(text: str, zone: str) -> OpeningHours:
    # Of all zones the library takes only those of zoneinfo, and not datetime.UTC.
    return OpeningHours(text, timezone=ZoneInfo(zone), country=COUNTRY)


def _aware(wall: datetime) -> datetime:
    return wall.replace(tzinfo=ZoneInfo(current_app.config["TIMEZONE"]))


def _on(day: date, at: time) -> datetime:
    return _aware(datetime.combine(day, at)).astimezone(UTC)


@lru_cache(maxsize=8)
def _week(text: str, today: date) -> list[Times]:
    """For each day, Monday first, when the office opens and closes on most of the five such days
    around this week: so a half day at Christmas is left out, and a season has begun when it has.
    """
    # Without a country there are no holidays, and without a zone each day has 24 hours.
    spans = OpeningHours(text).intervals(
        datetime.combine(today - 15 * DAY, MIDNIGHT), datetime.combine(today + 23 * DAY, MIDNIGHT)
    )
    times: dict[date, list[tuple[time, time]]] = {}
    for start, end, state, _comment in spans:
        # What goes on for days is said day by day; a night is of the day on which it begins.
        while state == State.OPEN and start < end:
            midnight = datetime.combine(start.date() + DAY, MIDNIGHT)
            till = min(end, midnight) if end - start > DAY else end
            times.setdefault(start.date(), []).append((start.time(), till.time()))
            start = till
    found = {}
    for day in (today + number * DAY for number in range(7)):
        around = (tuple(times.get(day + weeks * 7 * DAY, ())) for weeks in range(-2, 3))
        found[day.weekday()] = Counter(around).most_common(1)[0][0]
    return [found[weekday] for weekday in range(7)]


def _whole(times: Times) -> bool:
    return times == ((MIDNIGHT, MIDNIGHT),)


def _said(at: time, *, ends: bool = False) -> str:
    dot = "." if get_locale().language == language.DEFAULT else ":"
    return f"{24 if ends and at == MIDNIGHT else at.hour:02}{dot}{at.minute:02}"
