"""Public holidays by time zone, from the maintained ``holidays`` library.

Japan only for now: the zone says the country, and elsewhere one zone serves several countries. In another zone a row
for public holidays would do nothing, so it is refused (``check_holiday_row``).
"""

from datetime import date
from functools import lru_cache

# The country itself, not by name: looking it up by name loads it in the first request that asks, half a second late.
from holidays.countries.japan import Japan

from domain.errors import InvalidInput

_CALENDAR = {"Asia/Tokyo": Japan, "Japan": Japan}


def check_holiday_row(zone: str, has_row: bool) -> None:
    """Raises InvalidInput for hours on public holidays in a zone whose public holidays are not known."""
    if has_row and zone not in _CALENDAR:
        raise InvalidInput.at("public_holiday", "no_holidays_known_in_this_time_zone")


@lru_cache(maxsize=64)
def _of_year(zone: str, year: int) -> frozenset[date]:
    return frozenset(_CALENDAR[zone](years=year))


def public_holidays(zone: str, first: date, last: date) -> frozenset[date]:
    """The public holidays of the zone's country in the years that ``first`` to ``last`` touch."""
    if zone not in _CALENDAR:
        return frozenset()
    return frozenset().union(*(_of_year(zone, year) for year in range(first.year, last.year + 1)))
