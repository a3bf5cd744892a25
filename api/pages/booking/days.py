"""The strip of days from which a visitor chooses."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from api.http.times import FIRST_YEAR, LAST_YEAR

#: The days of a strip. Strips begin every two weeks from today on, so that paging gives the same strips each time.
STRIP_DAYS = 14
#: Nobody looks further ahead, and dates near the end of the calendar cannot be added to.
_MOST_DAYS = 730


def day_from(text: str, today: date) -> date | None:
    """The day that an address names, moved between today and two years from now; None if it names none."""
    try:
        return min(max(date.fromisoformat(text[:10]), today), today + timedelta(days=_MOST_DAYS))
    except ValueError:
        return None


def is_moment(text: str) -> bool:
    """Whether an address names a time with its offset, in the years that the API takes."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False
    return moment.tzinfo is not None and FIRST_YEAR <= moment.year <= LAST_YEAR


@dataclass(frozen=True, slots=True)
class Strip:
    """``first`` to ``last``, both included."""

    first: date
    today: date

    @classmethod
    def around(cls, day: date, today: date) -> "Strip":
        """The strip that has ``day``."""
        passed = (day - today).days
        return cls(today + timedelta(days=passed - passed % STRIP_DAYS), today)

    @property
    def last(self) -> date:
        """The last day."""
        return self.first + timedelta(days=STRIP_DAYS - 1)

    @property
    def days(self) -> list[date]:
        """All days."""
        return [self.first + timedelta(days=n) for n in range(STRIP_DAYS)]

    @property
    def earlier(self) -> date | None:
        """The first day of the strip before; None for the first strip."""
        return self.first - timedelta(days=STRIP_DAYS) if self.first > self.today else None

    @property
    def later(self) -> date:
        """The first day of the next strip."""
        return self.last + timedelta(days=1)
