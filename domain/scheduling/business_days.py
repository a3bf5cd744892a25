"""To which business day a moment belongs. The night after a late day is that day's, as long as its hours run:
half past midnight of Saturday is 24:30 of Friday where Friday is open until 25:00.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.scheduling.hours import DAY, Calendar

_A_DAY = timedelta(days=1)


def end_minute(calendar: Calendar, day: date) -> int:
    """The minute of ``day`` at which the next business day begins: 1440, or later where the hours run past
    midnight."""
    return max((DAY, *(one.end for one in calendar.ranges_on(day))))


def beginning(calendar: Calendar, day: date, zone: ZoneInfo) -> datetime:
    """When business day ``day`` begins, in UTC: at midnight, or when the day before has closed."""
    return moment(day, end_minute(calendar, day - _A_DAY) - DAY, zone)


def business_day(calendar: Calendar, at: datetime, zone: ZoneInfo) -> date:
    """The business day of ``at``."""
    day = at.astimezone(zone).date()
    return day - _A_DAY if at < beginning(calendar, day, zone) else day


def moment(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Wall-clock minute ``minute`` of ``day``, in UTC. A time that the clock shows twice is its first occurrence."""
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    return wall.replace(tzinfo=zone).astimezone(UTC)


def minute_of(day: date, at: datetime, zone: ZoneInfo) -> int:
    """What the clock of ``day`` shows at ``at``, in minutes from its midnight, past 1440 in the night after it."""
    wall = at.astimezone(zone).replace(tzinfo=None)
    return (wall - datetime.combine(day, time())) // timedelta(minutes=1)
