"""Hours as people write them: ``"10:00"``, and ``"25:30"`` where the business day runs past midnight."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from api.http.fields import Input, Name, Output, examples
from api.http.times import Day
from db.scheduling.business_hours import Hours, OneOffDay
from domain.scheduling.hours import DAY, MinuteRange, Ranges, WeeklyHours, check_day, check_week

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEK_EXAMPLE = {
    **{day: [{"opens": "10:00", "closes": "19:00"}] for day in _DAYS[:5]},
    "saturday": [{"opens": "10:00", "closes": "14:00"}, {"opens": "15:00", "closes": "20:00"}],
    "sunday": [],
}
_DAY_EXAMPLE = {"day": "2026-12-31", "ranges": [], "name": "大晦日"}

#: A time of the business day, up to 48:00.
Clock = Annotated[str, StringConstraints(pattern=r"^(?:[0-3][0-9]|4[0-7]):[0-5][0-9]$|^48:00$", max_length=5)]


def minutes(clock: str) -> int:
    """Minutes from the midnight that the business day begins with."""
    hours, _, rest = clock.partition(":")
    return int(hours) * 60 + int(rest)


def clock(minute: int) -> str:
    """The opposite of :func:`minutes`."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


class HoursRangeWrite(Input):
    """``[opens, closes)``."""

    model_config = ConfigDict(json_schema_extra=examples({"opens": "22:00", "closes": "25:30"}))

    opens: Clock = Field(description="`HH:MM` of the business day, before `24:00`.")
    closes: Clock = Field(
        description="`HH:MM` of the business day, up to `48:00`: `25:30` is half past one of the next calendar day.",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if minutes(self.opens) >= DAY:
            raise PydanticCustomError("within_day", "opens before midnight", {"field": "opens"})
        if minutes(self.closes) <= minutes(self.opens):
            raise PydanticCustomError("after_start", "closes after it opens", {"field": "closes"})
        return self


RangesWrite = Annotated[list[HoursRangeWrite], Field(max_length=10)]


class ExceptionRangeWrite(Input):
    """``[opens, closes)`` of a business day; it may lie wholly in the night after it."""

    model_config = ConfigDict(json_schema_extra=examples({"opens": "24:30", "closes": "26:00"}))

    opens: Clock = Field(description="`HH:MM` of the business day, before `48:00`: `24:30` is in the night after it.")
    closes: Clock = Field(description="`HH:MM` of the business day, up to `48:00`.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if minutes(self.closes) <= minutes(self.opens):
            raise PydanticCustomError("after_start", "closes after it opens", {"field": "closes"})
        return self


class WeekWrite(Input):
    """Ranges per weekday; a day that is left out is closed."""

    monday: RangesWrite = Field(default_factory=list, description="Opening hours of Mondays, in order.")
    tuesday: RangesWrite = Field(default_factory=list, description="Opening hours of Tuesdays, in order.")
    wednesday: RangesWrite = Field(default_factory=list, description="Opening hours of Wednesdays, in order.")
    thursday: RangesWrite = Field(default_factory=list, description="Opening hours of Thursdays, in order.")
    friday: RangesWrite = Field(default_factory=list, description="Opening hours of Fridays, in order.")
    saturday: RangesWrite = Field(default_factory=list, description="Opening hours of Saturdays, in order.")
    sunday: RangesWrite = Field(default_factory=list, description="Opening hours of Sundays, in order.")

    def days(self) -> tuple[Ranges, ...]:
        """Monday to Sunday."""
        return tuple(ranges_of(getattr(self, day)) for day in _DAYS)


class HoursUpdate(Input):
    """The whole week. ``public_holiday``: null treats a public holiday as its weekday, an empty list closes on it. Only
    the public holidays of Japan are known: in another time zone than ``Asia/Tokyo`` it must be null."""

    model_config = ConfigDict(json_schema_extra=examples({"weekly": _WEEK_EXAMPLE, "public_holiday": []}))

    weekly: WeekWrite = Field(description="Hours of each weekday.")
    public_holiday: RangesWrite | None = Field(
        default=None,
        description="Hours of public holidays; null takes those of the weekday.",
    )

    def week(self) -> WeeklyHours:
        """In order. Raises OverlappingHours."""
        holiday = None if self.public_holiday is None else ranges_of(self.public_holiday)
        return check_week(WeeklyHours(self.weekly.days(), holiday))


class WorkingHoursWrite(Input):
    """When a resource works. ``public_holiday``: null treats a public holiday as its weekday, an empty list is off on
    it. The business's own hours bound both."""

    weekly: WeekWrite = Field(description="Hours of each weekday.")
    public_holiday: RangesWrite | None = Field(
        default=None,
        description="Hours of public holidays; null takes those of the weekday.",
    )

    @model_validator(mode="after")
    def _works(self) -> Self:
        if not any(self.weekly.days()):
            raise PydanticCustomError("not_empty", "some hours in the week", {"field": "weekly"})
        return self

    def week(self) -> WeeklyHours:
        """In order. Raises OverlappingHours."""
        holiday = None if self.public_holiday is None else ranges_of(self.public_holiday)
        return check_week(WeeklyHours(self.weekly.days(), holiday))


class OneOffWrite(Input):
    """A day that is not as its weekday: no ranges is closed."""

    day: Day
    ranges: RangesWrite = Field(
        default_factory=list,
        description="Opening hours of the day, in order; none means closed.",
    )
    name: Name | None = Field(default=None, description="Name in Japanese, English or both.")


class HolidaysUpdate(Input):
    """All one-off days from today on."""

    model_config = ConfigDict(json_schema_extra=examples({"days": [_DAY_EXAMPLE]}))

    days: list[OneOffWrite] = Field(max_length=400, description="Single days with hours of their own.")

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        if len({one.day for one in self.days}) < len(self.days):
            raise PydanticCustomError("unique", "each day once", {"field": "days"})
        return self

    def one_off(self) -> list[OneOffDay]:
        """In order. Raises OverlappingHours."""
        return [OneOffDay(one.day, check_day(ranges_of(one.ranges)), one.name) for one in self.days]


class WeekRead(Output):
    """Ranges per weekday."""

    monday: list[HoursRangeWrite] = Field(description="Opening hours of Mondays, in order.")
    tuesday: list[HoursRangeWrite] = Field(description="Opening hours of Tuesdays, in order.")
    wednesday: list[HoursRangeWrite] = Field(description="Opening hours of Wednesdays, in order.")
    thursday: list[HoursRangeWrite] = Field(description="Opening hours of Thursdays, in order.")
    friday: list[HoursRangeWrite] = Field(description="Opening hours of Fridays, in order.")
    saturday: list[HoursRangeWrite] = Field(description="Opening hours of Saturdays, in order.")
    sunday: list[HoursRangeWrite] = Field(description="Opening hours of Sundays, in order.")

    @classmethod
    def of(cls, days: Sequence[Ranges]) -> Self:
        """Monday to Sunday."""
        return cls(**dict(zip(_DAYS, map(shown, days), strict=True)))


class WorkingHoursRead(Output):
    """When a resource works."""

    weekly: WeekRead = Field(description="Hours of each weekday.")
    public_holiday: list[HoursRangeWrite] | None = Field(
        description="Hours of public holidays; null takes those of the weekday.",
    )

    @classmethod
    def of(cls, week: WeeklyHours) -> Self:
        """Stored hours."""
        holiday = week.public_holiday
        return cls(weekly=WeekRead.of(week.days), public_holiday=None if holiday is None else shown(holiday))


class OneOffRead(Output):
    """A one-off day."""

    day: date = Field(description="The business day, `YYYY-MM-DD`.")
    ranges: list[HoursRangeWrite] = Field(description="Opening hours of the day, in order; none means closed.")
    name: str | None = Field(description="Name in Japanese, English or both.")


class HoursRead(Output):
    """``one_off`` holds the days from yesterday on."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {"time_zone": "Asia/Tokyo", "weekly": _WEEK_EXAMPLE, "public_holiday": [], "one_off": [_DAY_EXAMPLE]}
        )
    )

    time_zone: str = Field(description="IANA time zone of the venue, such as `Asia/Tokyo`.")
    weekly: WeekRead = Field(description="Hours of each weekday.")
    public_holiday: list[HoursRangeWrite] | None = Field(
        description="Hours of public holidays; null takes those of the weekday.",
    )
    one_off: list[OneOffRead] = Field(description="Single days with hours of their own, in order.")

    @classmethod
    def of(cls, hours: Hours) -> Self:
        """Stored hours."""
        holiday = hours.week.public_holiday
        return cls(
            time_zone=hours.time_zone,
            weekly=WeekRead.of(hours.week.days),
            public_holiday=None if holiday is None else shown(holiday),
            one_off=_one_off(hours),
        )


class DaysRead(Output):
    """The days from yesterday on that are not as their weekday."""

    model_config = ConfigDict(json_schema_extra=examples({"time_zone": "Asia/Tokyo", "one_off": [_DAY_EXAMPLE]}))

    time_zone: str = Field(description="IANA time zone of the venue, such as `Asia/Tokyo`.")
    one_off: list[OneOffRead] = Field(description="Single days with hours of their own, in order.")

    @classmethod
    def of(cls, hours: Hours) -> Self:
        """Stored hours."""
        return cls(time_zone=hours.time_zone, one_off=_one_off(hours))


def _one_off(hours: Hours) -> list[OneOffRead]:
    return [OneOffRead(day=one.day, ranges=shown(one.ranges), name=one.name) for one in hours.one_off]


def shown(ranges: Ranges) -> list[HoursRangeWrite]:
    """Ranges as people write them."""
    return [HoursRangeWrite(opens=clock(span.start), closes=clock(span.end)) for span in ranges]


def ranges_of(written: Iterable[HoursRangeWrite | ExceptionRangeWrite]) -> Ranges:
    """The opposite of :func:`shown`."""
    return tuple(MinuteRange(minutes(one.opens), minutes(one.closes)) for one in written)
