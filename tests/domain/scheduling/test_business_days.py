"""The night after a late day belongs to that day."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.scheduling.business_days import beginning, business_day, end_minute, minute_of, moment
from domain.scheduling.hours import Calendar, MinuteRange, WeeklyHours

TOKYO = ZoneInfo("Asia/Tokyo")
FRIDAY, SATURDAY, SUNDAY = date(2026, 11, 27), date(2026, 11, 28), date(2026, 11, 29)
LATE, USUAL = (MinuteRange(1080, 1500),), (MinuteRange(600, 1140),)
#: Open late on Friday alone, closed on Sunday.
BAR = Calendar(WeeklyHours((USUAL, USUAL, USUAL, USUAL, LATE, USUAL, ())))


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=TOKYO)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (at(FRIDAY, 23, 59), FRIDAY),
        (at(SATURDAY, 0), FRIDAY),
        (at(SATURDAY, 0, 59), FRIDAY),
        (at(SATURDAY, 1), SATURDAY),
        (at(SUNDAY, 0), SUNDAY),
        (at(SUNDAY, 12).astimezone(UTC), SUNDAY),
    ],
)
def test_business_day_of_a_night_is_that_of_its_evening(instant: datetime, day: date) -> None:
    assert business_day(BAR, instant, TOKYO) == day


def test_business_days_follow_each_other_without_a_gap() -> None:
    instant, last = at(FRIDAY, 12), at(date(2026, 12, 6), 12)
    while instant < last:
        day = business_day(BAR, instant, TOKYO)
        assert beginning(BAR, day, TOKYO) <= instant < beginning(BAR, day + timedelta(days=1), TOKYO)
        instant += timedelta(minutes=10)


def test_end_minute_is_past_midnight_where_the_hours_are() -> None:
    assert [end_minute(BAR, day) for day in (FRIDAY, SATURDAY, SUNDAY)] == [1500, 1440, 1440]


def test_minute_of_counts_on_after_midnight() -> None:
    assert minute_of(FRIDAY, at(SATURDAY, 0, 30), TOKYO) == 1470
    assert moment(FRIDAY, 1470, TOKYO) == at(SATURDAY, 0, 30)


def test_minute_of_is_what_the_clock_shows_when_it_changes() -> None:
    berlin, day = ZoneInfo("Europe/Berlin"), date(2026, 10, 25)
    noon = datetime(2026, 10, 25, 12, tzinfo=berlin)
    assert minute_of(day, noon, berlin) == 720
    assert moment(day, 720, berlin) == noon.astimezone(UTC)
