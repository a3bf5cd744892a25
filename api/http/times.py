"""The types of times and dates in requests: RFC 3339 text, in the years 2000 to 2199.

Pydantic's own types also accept numbers (seconds since 1970), numbers in a text, a blank or ``_`` instead of the ``T``,
and times without seconds. Those are refused here, because a client that sends one has a bug.
"""

import re
from datetime import UTC, date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field
from pydantic_core import PydanticCustomError

#: No booking is outside these years. Adding some years to one of them gives a valid date.
FIRST_YEAR, LAST_YEAR = 2000, 2199
#: Nobody is older.
FIRST_BIRTH_YEAR = 1900

#: RFC 3339 section 5.6, with at most nine digits after the second.
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _time_text(value: object) -> object:
    if not isinstance(value, datetime) and not (isinstance(value, str) and _TIME.fullmatch(value)):
        raise PydanticCustomError("rfc3339_with_offset", "a time like 2026-11-24T10:00:00+09:00")
    return value


def _date_text(value: object) -> object:
    if type(value) is not date and not (isinstance(value, str) and _DATE.fullmatch(value)):
        raise PydanticCustomError("date", "a date like 2026-11-24")
    return value


def _known_moment(moment: datetime) -> datetime:
    check_year(moment)
    return moment.astimezone(UTC)


def _known_day(day: date) -> date:
    check_year(day)
    return day


def check_year(day: date) -> None:
    """Raises a ValueError for a year outside the range."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise PydanticCustomError("year", "a year from 2000 to 2199")


def _known_birthday(day: date) -> date:
    if not FIRST_BIRTH_YEAR <= day.year <= LAST_YEAR:
        raise PydanticCustomError("year", "a year from 1900 to 2199")
    return day


#: A time with its offset; in UTC after reading.
Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_time_text),
    AfterValidator(_known_moment),
    Field(
        description="RFC 3339 with seconds and offset, in the years 2000 to 2199.",
        examples=["2026-11-24T10:00:00+09:00"],
    ),
]
#: A date of the business's wall clock.
Day = Annotated[
    date,
    BeforeValidator(_date_text),
    AfterValidator(_known_day),
    Field(description="YYYY-MM-DD, in the years 2000 to 2199.", examples=["2026-11-24"]),
]
#: The day on which somebody was born.
Birthday = Annotated[
    date,
    BeforeValidator(_date_text),
    AfterValidator(_known_birthday),
    Field(description="A date in the years 1900 to 2199.", examples=["1985-04-29"]),
]


def at_venue(moment: datetime, zone: ZoneInfo) -> datetime:
    """The same time with the offset of the venue."""
    return moment.astimezone(zone)
