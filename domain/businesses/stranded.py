"""Which bookings a change of hours would strand: inside the hours as they were, outside as they would be."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.availability.days import BusinessDays, ceil_minute, floor_minute
from domain.businesses.hours import Calendar

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Visit:
    """A booking, or one item of it, that is still to come: ``[start_at, end_at)``, aware, buffers not counted."""

    booking_id: UUID
    code: str
    start_at: datetime
    end_at: datetime


def is_open(calendar: Calendar, zone: ZoneInfo, start_at: datetime, end_at: datetime) -> bool:
    """Whether ``[start_at, end_at)`` lies inside the open hours; ranges that touch count as one."""
    first = start_at.astimezone(zone).date() - 2 * _A_DAY  # hours run at most two days past their midnight
    days = BusinessDays(zone, first, end_at.astimezone(zone).date())
    reached, end = floor_minute(start_at), ceil_minute(end_at)
    for _, opens, closes in sorted(days.spans(calendar, 0, len(days.days) - 1), key=lambda span: span[1]):
        if opens <= reached < closes:
            reached = closes
    return reached >= end


def stranded(
    visits: Iterable[Visit], before: tuple[Calendar, ZoneInfo], after: tuple[Calendar, ZoneInfo]
) -> list[Visit]:
    """The visits that fit ``before`` and no longer fit ``after``. What did not fit before is nobody's surprise."""
    return [
        visit
        for visit in visits
        if not is_open(*after, visit.start_at, visit.end_at) and is_open(*before, visit.start_at, visit.end_at)
    ]
