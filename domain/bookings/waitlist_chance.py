"""The place of an entry in its queue, and how likely it gets an offer. Information for a person, no rule."""

import math
from collections.abc import Iterable
from datetime import timedelta

from domain.bookings.waitlist import Entry, in_turn

#: Freed time of this period is counted.
LOOK_BACK = timedelta(days=56)
#: With fewer freed times there is no estimate.
_ENOUGH = 4
#: Chances are given in steps, because they are not more exact.
_STEP = 5


def competes(entry: Entry, other: Entry) -> bool:
    """Whether the two can be offered the same time: the same service, a day in common, and times of the day and people
    that do not exclude each other."""
    mine, theirs = entry.wanted, other.wanted
    return (
        entry.service_id == other.service_id
        and mine.first_day <= theirs.last_day
        and theirs.first_day <= mine.last_day
        and (
            not mine.times
            or not theirs.times
            or any(a.start < b.end and b.start < a.end for a in mine.times for b in theirs.times)
        )
        and (not mine.resource_ids or not theirs.resource_ids or bool({*mine.resource_ids} & {*theirs.resource_ids}))
    )


def position(entry: Entry, entries: Iterable[Entry]) -> int:
    """Its place among those on the list that could be offered the same time; 1 is the next."""
    rivals = [other for other in entries if other.id != entry.id and competes(entry, other)]
    return in_turn([*rivals, entry]).index(entry) + 1


def chance(freed: int, wanted_days: int, place: int) -> int | None:
    """How likely at least ``place`` fitting times are freed, in percent, in steps of five from 5 to 95.

    ``freed``: fitting times that were freed in the last ``LOOK_BACK``. ``wanted_days``: days that are still to come.
    Freed times are taken to be independent of each other (Poisson). None: too few were freed to say.
    """
    if freed < _ENOUGH or wanted_days < 1:
        return None
    expected = freed * wanted_days / LOOK_BACK.days
    term, below = math.exp(-expected), 0.0
    for number in range(place):
        below += term
        term *= expected / (number + 1)
    percent = round(100 * (1 - below) / _STEP) * _STEP
    return min(max(percent, _STEP), 100 - _STEP)
