"""The schemas of recurrence."""

from datetime import date
from typing import Self

from pydantic import ConfigDict, Field

from api.http.fields import Input, Output, examples
from api.http.times import Day
from domain.scheduling.recurrence import MAX_INTERVAL, MAX_OCCURRENCES, Frequency, MonthlyOn, Recurrence

_WEEKLY = {"frequency": "weekly", "interval": 2, "until": "2027-03-30", "count": None, "monthly_on": None}


class RecurrenceWrite(Input):
    """Every ``interval`` weeks or months, counted from the first occurrence, ``until`` a day or ``count`` times, 52 at
    most. Weeks repeat the weekday of the first occurrence. ``monthly_on`` says what a month repeats: the ``date`` (a
    month without it is left out), the ``weekday`` by its number in the month (the second Tuesday), or the
    ``last_weekday``. Each occurrence has the wall-clock time of the first one, also over a change of the clock."""

    model_config = ConfigDict(json_schema_extra=examples({"frequency": "weekly", "interval": 2, "until": "2027-03-30"}))

    frequency: Frequency = Field(description="Whether weeks or months are counted.")
    interval: int = Field(default=1, ge=1, le=MAX_INTERVAL, description="Every how many weeks or months, 1 to 52.")
    until: Day | None = Field(default=None, description="Last day, included, `YYYY-MM-DD`; or give `count`.")
    count: int | None = Field(
        default=None, ge=1, le=MAX_OCCURRENCES, description="Number of occurrences, 1 to 52; or give `until`."
    )
    monthly_on: MonthlyOn | None = Field(default=None, description="What a month repeats; for `monthly` only.")

    def to_domain(self) -> Recurrence:
        """As the rules have it. Raises InvalidInput."""
        monthly_on = self.monthly_on
        if monthly_on is None and self.frequency is Frequency.MONTHLY:
            monthly_on = MonthlyOn.DATE
        return Recurrence(self.frequency, self.interval, self.until, self.count, monthly_on)


class RecurrenceRead(Output):
    """The requested recurrence."""

    model_config = ConfigDict(json_schema_extra=examples(_WEEKLY))

    frequency: Frequency = Field(description="Whether weeks or months are counted.")
    interval: int = Field(description="Every how many weeks or months.")
    until: date | None = Field(description="Last day, included, `YYYY-MM-DD`; null where a number was asked for.")
    count: int | None = Field(description="Number of occurrences; null where a last day was asked for.")
    monthly_on: MonthlyOn | None = Field(description="What a month repeats; null for weeks.")

    @classmethod
    def of(cls, recurrence: Recurrence) -> Self:
        """A stored one."""
        return cls(
            frequency=recurrence.frequency,
            interval=recurrence.interval,
            until=recurrence.until,
            count=recurrence.count,
            monthly_on=recurrence.monthly_on,
        )
