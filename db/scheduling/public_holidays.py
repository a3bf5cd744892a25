"""Public holidays by time zone, from the maintained ``holidays`` library.

Japan only for now: the zone says the country, and elsewhere one zone serves several countries. In another zone a row
for public holidays would do nothing, so it is refused (``check_holiday_row``).
"""

import sys
from datetime import date
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from domain.errors import InvalidInput


def _country(module: str, name: str) -> Any:
    """A country of the library, without the 250 others that its package ``holidays.countries`` imports: they are a
    tenth of the start of a process. The package stands in for itself while the one module is loaded."""
    package = "holidays.countries"
    spec = find_spec(package)
    if package in sys.modules or spec is None:
        return getattr(import_module(f"{package}.{module}"), name)
    stand_in = ModuleType(package)
    stand_in.__path__ = list(spec.submodule_search_locations or ())
    sys.modules[package] = stand_in
    try:
        return getattr(import_module(f"{package}.{module}"), name)
    finally:
        del sys.modules[package]


_JAPAN = _country("japan", "Japan")
_CALENDAR = {"Asia/Tokyo": _JAPAN, "Japan": _JAPAN}


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
