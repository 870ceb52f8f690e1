"""When the office is open: holidays, summer time, nights, and hours that never come."""

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask_babel import force_locale

from console import clock, hours, language

OSLO = ZoneInfo("Europe/Oslo")
MINUTE = timedelta(minutes=1)
ORDINARY = "Mo-Fr 08:00-16:00; PH off"
CHRISTMAS_EVE = "Mo-Fr 08:00-16:00; Dec 24 Mo-Fr 08:00-12:00; PH off"
NIGHTS = "Mo-Su 20:00-04:00"


@pytest.fixture
def office():
    """Sets the hours of an office; it needs no database."""
    app = Flask(__name__)
    app.config.update(OPENING_HOURS=ORDINARY, TIMEZONE="Europe/Oslo")
    language.init_app(app)

    def keep(text, zone="Europe/Oslo"):
        app.config.update(OPENING_HOURS=text, TIMEZONE=zone)

    with app.app_context():
        yield keep


def oslo(text, fold=0):
    """A moment by the clock on the wall, in UTC as the program has it."""
    return datetime.fromisoformat(text).replace(tzinfo=OSLO, fold=fold).astimezone(UTC)


def in_words(text, today, locale="en"):
    with clock.at(oslo(today)), force_locale(locale):
        return hours.readable()


@pytest.mark.parametrize(
    ("moment", "answer"),
    [
        ("2026-11-25 07:59:59.999999", False),
        ("2026-11-25 08:00", True),
        ("2026-11-25 15:59:59.999999", True),
        ("2026-11-25 16:00", False),
        ("2026-11-28 12:00", False),
        ("2026-07-01 08:00", True),
        ("2026-07-01 16:00", False),
    ],
)
def test_the_office_is_open_from_the_first_moment_to_before_the_last(office, moment, answer):
    assert hours.is_open(oslo(moment)) is answer
    assert (hours.next_open(oslo(moment)) == oslo(moment)) is answer


@pytest.mark.parametrize(
    "day",
    [
        "2027-01-01",  # nyttårsdag
        "2026-04-02",  # skjærtorsdag
        "2026-04-03",  # langfredag
        "2026-04-06",  # 2. påskedag
        "2026-05-01",  # 1. mai
        "2026-05-14",  # Kristi himmelfartsdag
        "2027-05-17",  # 17. mai
        "2026-05-25",  # 2. pinsedag
        "2026-12-25",  # 1. juledag
        "2028-12-26",  # 2. juledag
        "2038-05-17",
        "2038-04-23",  # langfredag, one of the latest
    ],
)
def test_norways_public_holidays_are_closed_without_a_list(office, day):
    assert date.fromisoformat(day).weekday() < 5
    assert not hours.is_open(oslo(f"{day} 12:00"))
    office("24/7; PH off")
    assert hours.between(oslo(f"{day} 00:00"), oslo(f"{day} 23:59")) == 0


@pytest.mark.parametrize("year", range(2025, 2060))
def test_easter_is_closed_each_year(office, year):
    """By the calendar, not by the library: an own reckoning of Easter Sunday (Gauss, Meeus)."""
    a, b, c = year % 19, *divmod(year, 100)
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    ll = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * ll) // 451
    month, day = divmod(h + ll - 7 * m + 114, 31)
    sunday = datetime(year, month, day + 1, 12, tzinfo=OSLO)
    for days in (-3, -2, 1, 39, 50):
        assert not hours.is_open(sunday + timedelta(days=days))
    assert hours.is_open(sunday + timedelta(days=2)) or (month, day + 1) == (4, 29)


def test_a_holiday_is_open_where_the_hours_do_not_speak_of_it(office):
    office("Mo-Fr 08:00-16:00")
    assert hours.is_open(oslo("2027-05-17 12:00"))


@pytest.mark.parametrize(
    ("text", "start", "minutes", "end"),
    [
        (ORDINARY, "2026-11-25 10:00", 240, "2026-11-25 14:00"),
        (ORDINARY, "2026-11-25 14:00", 240, "2026-11-26 10:00"),
        (ORDINARY, "2026-11-25 15:00", 60, "2026-11-25 16:00"),
        (ORDINARY, "2026-11-25 16:00", 1, "2026-11-26 08:01"),
        (ORDINARY, "2026-11-27 17:00", 60, "2026-11-30 09:00"),
        (ORDINARY, "2026-11-25 10:00:00.000001", 480, "2026-11-26 10:00:00.000001"),
        (ORDINARY, "2026-11-25 23:00", 0, "2026-11-25 23:00"),
        # From before Easter to after it, and the summer time in between.
        (ORDINARY, "2027-03-24 15:00", 120, "2027-03-30 09:00"),
        # Wednesday before Ascension, and on to the Friday after.
        (ORDINARY, "2026-05-13 15:30", 60, "2026-05-15 08:30"),
        (CHRISTMAS_EVE, "2026-12-24 11:00", 60, "2026-12-24 12:00"),
        (CHRISTMAS_EVE, "2026-12-24 11:00", 120, "2026-12-28 09:00"),
        ("Dec 24 08:00-12:00", "2026-12-25 00:00", 60, "2027-12-24 09:00"),
        # A Christmas Eve on a Friday, and one on a Sunday.
        (CHRISTMAS_EVE, "2027-12-24 11:00", 120, "2027-12-27 09:00"),
        (CHRISTMAS_EVE, "2028-12-22 15:00", 120, "2028-12-27 09:00"),
        ("24/7", "2026-11-28 22:00", 240, "2026-11-29 02:00"),
        (NIGHTS, "2026-11-25 12:00", 600, "2026-11-26 22:00"),
        (NIGHTS, "2026-11-25 02:00", 121, "2026-11-25 20:01"),
        # The night that lacks an hour, and the night that has one twice.
        ("24/7", "2026-03-28 12:00", 24 * 60, "2026-03-29 13:00"),
        ("24/7", "2026-10-24 12:00", 24 * 60, "2026-10-25 11:00"),
        (NIGHTS, "2026-03-28 20:00", 7 * 60, "2026-03-29 04:00"),
        (NIGHTS, "2026-10-24 20:00", 9 * 60, "2026-10-25 04:00"),
        (ORDINARY, "2026-03-27 15:00", 120, "2026-03-30 09:00"),
        (ORDINARY, "2026-10-23 15:00", 120, "2026-10-26 09:00"),
    ],
)
def test_business_minutes_pass_only_while_the_office_is_open(office, text, start, minutes, end):
    office(text)
    assert hours.add(oslo(start), minutes) == oslo(end)
    assert hours.between(oslo(start), oslo(end)) == minutes


def test_the_hour_that_comes_twice_opens_once(office):
    office("Mo-Su 02:15-02:45")
    first, second = oslo("2026-10-25 02:15"), oslo("2026-10-25 02:15", fold=1)
    assert second - first == timedelta(hours=1)
    assert not hours.is_open(first)
    assert hours.is_open(second)
    assert hours.next_open(first) == second
    assert hours.between(first - MINUTE, second + 60 * MINUTE) == 30


def test_hours_within_the_hour_that_is_missing_do_not_come(office):
    office("Mo-Su 02:15-02:45")
    assert hours.between(oslo("2026-03-29 00:00"), oslo("2026-03-29 12:00")) == 0
    assert hours.next_open(oslo("2026-03-29 00:00")) == oslo("2026-03-30 02:15")


@pytest.mark.parametrize("text", ["off", "24/7 off", "2020 Mo-Fr 08:00-16:00", "unknown"])
def test_hours_that_never_open_say_so_and_do_not_hang(office, text):
    office(text)
    moment = oslo("2026-11-25 12:00")
    assert not hours.is_open(moment)
    assert hours.next_open(moment) is None
    assert hours.add(moment, 1) is None
    assert hours.between(moment, moment + timedelta(days=3650)) == 0
    assert hours.digest_at(moment) == oslo("2026-11-26 07:45")


def test_more_minutes_than_ten_years_have_never_pass(office):
    assert hours.add(oslo("2026-11-25 12:00"), 400 * 60) is not None
    assert hours.add(oslo("2026-11-25 12:00"), 10_000_000) is None


def test_always_open_is_open_in_any_year(office):
    office("24/7")
    moment = oslo("2031-12-25 03:00:00.000007")
    assert hours.is_open(moment)
    assert hours.next_open(moment) == moment
    assert hours.add(moment, 60 * 24 * 365) == moment + timedelta(days=365)


def test_time_that_runs_backwards_is_none(office):
    assert hours.between(oslo("2026-11-25 14:00"), oslo("2026-11-25 10:00")) == 0


def test_half_minutes_are_not_counted(office):
    assert hours.between(oslo("2026-11-25 10:00"), oslo("2026-11-25 10:01:59.999999")) == 1


def test_half_minutes_of_two_days_are_added_up(office):
    office("Mo-Fr 08:00-08:01")
    assert hours.between(oslo("2026-11-25 08:00:30"), oslo("2026-11-26 08:00:30")) == 1


@pytest.mark.parametrize("zone", ["Europe/Oslo", "UTC", "America/New_York", "Pacific/Chatham"])
def test_every_answer_is_in_utc(office, zone):
    office(ORDINARY, zone)
    moment = datetime(2026, 11, 28, 12, tzinfo=ZoneInfo("Asia/Tokyo"))
    added = [hours.add(moment, minutes) for minutes in (0, 90)]
    for answer in (hours.next_open(moment), hours.digest_at(moment), *added):
        assert answer.tzinfo is UTC
    opens = hours.next_open(moment).astimezone(ZoneInfo(zone))
    assert (opens.weekday(), opens.hour, opens.minute) == (0, 8, 0)


WEEKS = [
    ORDINARY,
    CHRISTMAS_EVE,
    NIGHTS,
    "Mo-Fr 08:00-12:00,13:00-16:00; Sa 10:00-14:00; PH off",
    "24/7; PH off",
    "Mo-Su 01:30-02:30,02:45-03:15",
    'Mo-Fr 08:00-12:00 "telefon", Mo-Fr 12:00-16:00 open "mail"; PH off',
]
NIGHTS_OF_CHANGE = ("2026-03-29", "2026-10-25", "2026-12-24", "2027-03-28")


@pytest.mark.parametrize("text", WEEKS)
@pytest.mark.parametrize("around", NIGHTS_OF_CHANGE)
def test_what_was_added_is_what_lies_between(office, text, around):
    office(text)
    chance = random.Random(f"{text} {around}")
    for _ in range(60):
        start = oslo(f"{around} 00:00") + timedelta(
            microseconds=chance.randrange(-2 * 10**11, 10**11)
        )
        minutes = chance.randrange(1, 3000)
        end = hours.add(start, minutes)
        assert hours.between(start, end) == minutes
        assert hours.between(start, end - timedelta.resolution) == minutes - 1
        halfway = start + (end - start) * chance.random()
        left = minutes - hours.between(start, halfway)
        assert hours.between(halfway, end) in (left, left - 1)
        assert hours.is_open(end - timedelta.resolution)


@pytest.mark.parametrize("text", WEEKS)
@pytest.mark.parametrize("around", NIGHTS_OF_CHANGE)
def test_minutes_are_those_that_the_office_was_open_one_by_one(office, text, around):
    office(text)
    start = oslo(f"{around} 00:00") - timedelta(hours=6)
    moments = [start + number * MINUTE for number in range(18 * 60)]
    opened = sum(hours.is_open(moment) for moment in moments)
    assert hours.between(start, moments[-1] + MINUTE) == opened


@pytest.mark.parametrize(
    ("text", "moment", "digest"),
    [
        (ORDINARY, "2026-11-25 07:44:59.999999", "2026-11-25 07:45"),
        (ORDINARY, "2026-11-25 07:45", "2026-11-26 07:45"),
        (ORDINARY, "2026-11-25 12:00", "2026-11-26 07:45"),
        (ORDINARY, "2026-11-27 07:45", "2026-11-30 07:45"),
        (ORDINARY, "2027-03-24 12:00", "2027-03-30 07:45"),
        (ORDINARY, "2026-10-23 12:00", "2026-10-26 07:45"),
        (CHRISTMAS_EVE, "2026-12-23 12:00", "2026-12-24 07:45"),
        (CHRISTMAS_EVE, "2026-12-24 12:00", "2026-12-28 07:45"),
        ("Mo-Fr 06:00-07:30", "2026-11-25 03:00", "2026-11-25 07:45"),
        ("Mo-Fr 06:00-07:30", "2026-11-25 12:00", "2026-11-26 07:45"),
        ("24/7", "2026-11-28 08:00", "2026-11-29 07:45"),
        ("24/7", "2026-03-28 08:00", "2026-03-29 07:45"),
        # The end of a night is not the opening of a day, unless it lasts until then.
        ("Fr 20:00-04:00", "2026-11-27 12:00", "2026-12-04 07:45"),
        ("Fr 20:00-08:00", "2026-11-27 12:00", "2026-11-28 07:45"),
        ("off", "2026-11-28 08:00", "2026-11-29 07:45"),
    ],
)
def test_the_digest_comes_before_work_on_a_day_with_work(office, text, moment, digest):
    office(text)
    assert hours.digest_at(oslo(moment)) == oslo(digest)


@pytest.mark.parametrize(
    ("text", "english", "norwegian"),
    [
        (ORDINARY, "Monday–Friday 08:00–16:00", ["mandag–fredag", "08.00–16.00"]),
        (
            "Mo-Fr 08:00-16:00; Sa 10:00-14:00",
            "Monday–Friday 08:00–16:00, Saturday 10:00–14:00",
            ["mandag–fredag", "08.00–16.00", ", lørdag", "10.00–14.00"],
        ),
        (
            "Mo-Th 08:00-12:00,12:30-16:00; Fr 08:00-15:00; PH off",
            "Monday–Thursday 08:00–12:00 and 12:30–16:00, Friday 08:00–15:00",
            ["mandag–torsdag", "08.00–12.00 og 12.30–16.00", ", fredag"],
        ),
        (
            "Mo,We 08:00-16:00",
            "Monday 08:00–16:00, Wednesday 08:00–16:00",
            ["mandag", "onsdag"],
        ),
        (NIGHTS, "Monday–Sunday 20:00–04:00", ["mandag–søndag", "20.00–04.00"]),
        ("Mo-Su 16:00-24:00", "Monday–Sunday 16:00–24:00", ["16.00–24.00"]),
        ("Mo-Fr", "Monday–Friday around the clock", ["mandag–fredag"]),
        (
            "Mo 08:00-24:00; Tu",
            "Monday 08:00–24:00, Tuesday around the clock",
            ["mandag", "tirsdag"],
        ),
        ("24/7", "around the clock", []),
        ("24/7; PH off", "around the clock", []),
        ("off", "no ordinary opening hours", []),
    ],
)
def test_the_ordinary_week_is_said_as_one_says_it(office, text, english, norwegian):
    office(text)
    # In Whitsun week: a Monday and a Thursday are holidays, and no ordinary days.
    assert in_words(text, "2026-05-20 12:00") == english
    said = in_words(text, "2026-05-20 12:00", "nb")
    assert all(part in said for part in norwegian), said


@pytest.mark.parametrize("today", ["2026-12-20", "2026-12-24", "2026-12-26", "2027-01-02"])
def test_half_a_day_at_christmas_is_not_the_ordinary_week(office, today):
    office(CHRISTMAS_EVE)
    assert in_words(CHRISTMAS_EVE, f"{today} 12:00") == "Monday–Friday 08:00–16:00"


SEASONS = "Mo-Fr 08:00-16:00; Jun 15-Aug 14 Mo-Fr 08:00-15:00; PH off"


@pytest.mark.parametrize(
    ("today", "closes"),
    [
        ("2026-03-30", "16:00"),
        ("2026-06-08", "16:00"),
        ("2026-06-15", "15:00"),
        ("2026-08-08", "15:00"),
        ("2026-08-15", "16:00"),
    ],
)
def test_a_season_is_said_when_it_is_there(office, today, closes):
    office(SEASONS)
    assert in_words(SEASONS, f"{today} 12:00") == f"Monday–Friday 08:00–{closes}"


def test_what_is_open_every_other_week_is_said_in_its_week(office):
    text = "Mo-Fr 08:00-16:00; week 01-53/2 Sa 10:00-14:00"
    office(text)
    said = {in_words(text, f"2026-06-{day:02} 12:00") for day in (1, 8)}
    assert said == {
        "Monday–Friday 08:00–16:00",
        "Monday–Friday 08:00–16:00, Saturday 10:00–14:00",
    }


def test_the_week_is_said_in_the_language_of_the_reader(office):
    assert in_words(ORDINARY, "2026-11-25 12:00", "en").startswith("Monday")
    assert in_words(ORDINARY, "2026-11-25 12:00", "nb").startswith("mandag")
