"""Which bookings a change of a business's calendars would strand: they fit before it, but not after it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.scheduling.availability.bits import span
from domain.scheduling.availability.days import BusinessDays, ceil_minute, floor_minute
from domain.scheduling.blocks import BlockTime
from domain.scheduling.hours import Calendar
from domain.scheduling.overbooking import is_overbooked


class StrandReason(StrEnum):
    """The change that strands a booking."""

    HOURS = "hours"
    HOLIDAYS = "holidays"
    TIME_ZONE = "time_zone"
    WORKING_HOURS = "working_hours"
    EXCEPTION = "exception"
    RESOURCE = "resource"
    SERVICE = "service"
    STAFF_LEFT = "staff_left"
    BLOCK = "block"


#: Hours end at most two days after their midnight; one day more for time zones.
_AROUND = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Workplace:
    """An active resource: its units, its hours (inside the business's), the services it is used for, and its blocked
    times (aware UTC)."""

    capacity: int
    calendar: Calendar
    services: frozenset[UUID]
    blocked: tuple[BlockTime, ...] = ()


@dataclass(frozen=True, slots=True)
class Calendars:
    """Everything of a business that decides when a booking can take place. Only active resources are included."""

    zone: ZoneInfo
    business: Calendar
    resources: Mapping[UUID, Workplace]


@dataclass(frozen=True, slots=True)
class Visit:
    """One claim of a future booking. ``[start_at, end_at)``: the service itself, aware; buffers may lie outside the
    hours."""

    booking_id: UUID
    code: str
    start_at: datetime
    end_at: datetime
    service_id: UUID
    resource_id: UUID
    unit: int


class _Days:
    """The open minutes of calendars over the days ``first`` to ``last``; each calendar is computed once."""

    def __init__(self, calendars: Calendars, first: date, last: date) -> None:
        self._calendars = calendars
        self._days = BusinessDays(calendars.zone, first, last)
        self._origin = self._days.midnights[0]
        # By identity: calendars contain mappings and are not hashable; ``calendars`` keeps them alive.
        self._open: dict[int, int] = {}
        self._blocked: dict[int, int] = {}

    def fits(self, visit: Visit) -> bool:
        """Whether business and resource are open the whole time and not blocked, and the resource has the unit (or a
        manager overbooked it) and performs the service."""
        place = self._calendars.resources.get(visit.resource_id)
        if place is None or visit.service_id not in place.services:
            return False
        if visit.unit >= place.capacity and not is_overbooked(visit.unit):
            return False
        wanted = span(floor_minute(visit.start_at) - self._origin, ceil_minute(visit.end_at) - self._origin)
        free = self._opening(self._calendars.business) & self._opening(place.calendar) & ~self._blocks(place)
        return free & wanted == wanted

    def _blocks(self, place: Workplace) -> int:
        bits = self._blocked.get(id(place))
        if bits is None:
            spans = ((floor_minute(time.starts_at), ceil_minute(time.ends_at)) for time in place.blocked)
            bits = 0
            for start, end in spans:
                bits |= span(max(start - self._origin, 0), max(end - self._origin, 0))
            self._blocked[id(place)] = bits
        return bits

    def _opening(self, calendar: Calendar) -> int:
        bits = self._open.get(id(calendar))
        if bits is None:
            bits = self._open[id(calendar)] = self._days.opening(calendar, self._origin)
        return bits


def days_around(visits: Sequence[Visit]) -> tuple[date, date]:
    """The first and the last business day whose hours may affect ``visits`` (at least one), in any zone."""
    first = min(visit.start_at for visit in visits).date() - _AROUND
    return first, max(visit.end_at for visit in visits).date() + _AROUND


def fitting(visits: Sequence[Visit], calendars: Calendars) -> frozenset[UUID]:
    """The bookings whose visits all fit."""
    if not visits:
        return frozenset()
    days = _Days(calendars, *days_around(visits))
    known = {visit.booking_id for visit in visits}
    return frozenset(known - {visit.booking_id for visit in visits if not days.fits(visit)})


def stranded(visits: Sequence[Visit], before: Calendars, after: Calendars) -> list[Visit]:
    """One visit of each booking that fits ``before`` but not ``after``, ordered by start. A booking that did not fit
    before is left out."""
    broken = fitting(visits, before) - fitting(visits, after)
    return earliest_of_each(visit for visit in visits if visit.booking_id in broken)


def earliest_of_each(visits: Iterable[Visit]) -> list[Visit]:
    """The earliest visit of each booking, ordered by start."""
    found: dict[UUID, Visit] = {}
    for visit in sorted(visits, key=lambda visit: (visit.start_at, visit.booking_id)):
        found.setdefault(visit.booking_id, visit)
    return list(found.values())
