"""Points in time and dates as they come in: with an offset, and inside the years that a business can mean."""

from datetime import UTC, date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, Field

#: Nobody books outside these years, and around them every sum of a date and some days still is a date.
FIRST_YEAR, LAST_YEAR = 2000, 2199


def _known_year(moment: datetime) -> datetime:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError("year")
    return moment.astimezone(UTC)


def _known_day(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError("year")
    return day


#: RFC 3339 with offset; UTC afterwards. A time without offset is refused: nobody knows whose it is.
Moment = Annotated[
    AwareDatetime,
    AfterValidator(_known_year),
    Field(description="RFC 3339 with offset.", examples=["2026-11-24T10:00:00+09:00"]),
]
#: A day of the business's own calendar.
Day = Annotated[date, AfterValidator(_known_day), Field(examples=["2026-11-24"])]


def at_venue(moment: datetime, zone: ZoneInfo) -> datetime:
    """The same moment with the offset of the venue."""
    return moment.astimezone(zone)
