"""Ranges of business days, and the preceding range to compare with."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from domain.errors import InvalidInput

#: The longest range of one request, in days: a year and one day more.
LONGEST = 367
#: The longest range of an export, in days: ten years and their leap days.
LONGEST_EXPORT = 3653


@dataclass(frozen=True, slots=True)
class Period:
    """Business days ``first`` to ``last``, both included. Raises InvalidInput if it ends before it begins or has more
    than 367 days."""

    first: date
    last: date
    longest: ClassVar[int] = LONGEST

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise InvalidInput.at("to", "after_start")
        if self.days > self.longest:
            raise self._too_long()

    def _too_long(self) -> InvalidInput:
        return InvalidInput.at("to", "too_many_days")

    @property
    def days(self) -> int:
        """The number of days."""
        return (self.last - self.first).days + 1

    def before(self) -> "Period":
        """The same number of days, ending on the day before. Raises InvalidInput before the first date of the
        calendar."""
        try:
            return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))
        except OverflowError:
            raise InvalidInput.at("from", "too_far") from None


@dataclass(frozen=True, slots=True)
class ExportPeriod(Period):
    """Business days of an export. Raises InvalidInput if it ends before it begins or has more than 3,653 days."""

    longest: ClassVar[int] = LONGEST_EXPORT

    def _too_long(self) -> InvalidInput:
        return InvalidInput.at("to", "too_many_days_of_file")

    @property
    def is_answered_at_once(self) -> bool:
        """Whether the days of one business are few enough for the answer; more are written to a file by a workflow."""
        return self.days <= LONGEST
