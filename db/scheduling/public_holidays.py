"""Public holidays by time zone, from the maintained ``holidays`` library.

Japan only for now: the zone says the country, and elsewhere one zone serves several. Without an entry here a
business has no public holidays and its row for them is never used.
"""

from datetime import date
from functools import lru_cache

# The country itself, not by name: looking it up by name loads it in the first request that asks, half a second late.
from holidays.countries.japan import Japan

_CALENDAR = {"Asia/Tokyo": Japan, "Japan": Japan}


@lru_cache(maxsize=64)
def _of_year(zone: str, year: int) -> frozenset[date]:
    return frozenset(_CALENDAR[zone](years=year))


def public_holidays(zone: str, first: date, last: date) -> frozenset[date]:
    """The public holidays of the zone's country in the years that ``first`` to ``last`` touch."""
    if zone not in _CALENDAR:
        return frozenset()
    return frozenset().union(*(_of_year(zone, year) for year in range(first.year, last.year + 1)))
