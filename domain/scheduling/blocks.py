"""When a block takes place: time that the business keeps free. Pure rules.

A block is a span of the wall clock, once or recurring, of one resource or of the whole business. It conflicts with a
booking if it overlaps the visit itself; buffers before and after a visit may lie inside a block.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from domain.errors import InvalidInput
from domain.scheduling.recurrence import Recurrence, days, instant

#: The longest block. A longer leave is an exception of a staff member, or closed days of the business.
LONGEST = timedelta(days=31)


class OccurrenceScope(StrEnum):
    """Which occurrences of a recurring block or series are meant."""

    ONE = "one"
    FOLLOWING = "following"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class BlockTime:
    """One occurrence: ``[starts_at, ends_at)``, aware UTC."""

    starts_at: datetime
    ends_at: datetime


def block_times(starts_at: datetime, ends_at: datetime, recurrence: Recurrence, zone: ZoneInfo) -> list[BlockTime]:
    """The occurrences of a block whose first one is ``[starts_at, ends_at)``, whole minutes, in order; at most 52.

    Each has the same start and end on the wall clock of ``zone``; one that the clock skips completely is left out.
    Raises InvalidInput: it ends before it begins, is longer than 31 days, overlaps the next one, or the recurrence is
    invalid (`domain.scheduling.recurrence.days`).
    """
    if ends_at <= starts_at:
        raise InvalidInput.at("ends_at", "after_start")
    if ends_at - starts_at > LONGEST:
        raise InvalidInput.at("ends_at", "at_most_31_days")
    first, last = starts_at.astimezone(zone), ends_at.astimezone(zone)
    length = last.date() - first.date()
    found = [
        # The first one is exactly as requested, also in an hour that the clock repeats.
        BlockTime(starts_at, ends_at)
        if day == first.date()
        else BlockTime(instant(day, first.time(), zone), instant(day + length, last.time(), zone))
        for day in days(recurrence, first.date())
    ]
    found = [time for time in found if time.starts_at < time.ends_at]
    if any(later.starts_at < earlier.ends_at for earlier, later in pairwise(found)):
        raise InvalidInput.at("ends_at", "occurrences_overlap")
    return found
