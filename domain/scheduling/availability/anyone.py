"""Who serves where the customer named nobody: the fewest bookings of the business day, then the longest free time
around the visit, then by turn.

- Bookings are counted once each, per unit of a resource; a block of time is no booking.
- The free time around the visit is what is open and not claimed without a break, the visit itself counted in. It ends
  with the business day. Of several free units of a resource the one with the most counts.
- The turn is of those whose last booking of that day was made longest ago; those without one come first. Between two
  of these a draw decides, so that customers of the same moment do not all wait for the same unit.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from domain.scheduling.availability.board import Slot
from domain.scheduling.availability.days import business_days, floor_minute, instant_of
from domain.scheduling.availability.model import ClaimPlan, Facts, Question, Taken
from domain.scheduling.hours import Calendar
from domain.scheduling.reasons import ChosenBy

T = TypeVar("T")
Options = Sequence[tuple[UUID, Sequence[int]]]
"""Resources that can fulfil a requirement, in the order in which to try them, each with its free units."""
NOBODY = UUID(int=0)
NO_TABLES: Mapping[UUID, int] = {}


@dataclass(frozen=True, slots=True)
class Workload:
    """What decides about one resource. ``last``: the latest booking of the day, by id, which grows with time."""

    bookings: float = 0.0
    free: timedelta = timedelta(0)
    last: UUID = NOBODY

    @property
    def rank(self) -> tuple[float, timedelta, UUID]:
        """In ascending order the one to be chosen comes first."""
        return self.bookings, -self.free, self.last


def in_order(
    options: Options, workloads: Mapping[UUID, Workload], seed: int, seats: Mapping[UUID, int] = NO_TABLES
) -> Options:
    """The options in the order in which to choose; of tables (``seats``) the smallest first. ``seed`` is the draw
    between equal ones, and turns the units of each; 0 keeps their order."""
    turned = [(resource_id, turn(units, seed)) for resource_id, units in options]
    if seed:
        random.Random(seed).shuffle(turned)  # noqa: S311  (distributes clients, no security)
    return sorted(turned, key=lambda option: (seats.get(option[0], 0), workloads[option[0]].rank))


def reasons(
    ordered: Options, workloads: Mapping[UUID, Workload], seats: Mapping[UUID, int] = NO_TABLES
) -> dict[UUID, ChosenBy]:
    """Why each resource is chosen once those before it are not to be had: what sets it apart from the next one."""
    found = {}
    for place, (resource_id, _) in enumerate(ordered):
        own = workloads[resource_id]
        following = workloads[ordered[place + 1][0]] if place + 1 < len(ordered) else None
        if following is None:
            found[resource_id] = ChosenBy.ONLY_ONE
        elif seats.get(resource_id) != seats.get(ordered[place + 1][0]):
            found[resource_id] = ChosenBy.SMALLEST_TABLE
        elif own.bookings != following.bookings:
            found[resource_id] = ChosenBy.FEWEST_BOOKINGS
        elif own.free != following.free:
            found[resource_id] = ChosenBy.LONGEST_FREE
        else:
            found[resource_id] = ChosenBy.TURN
    return found


def reason_of_item(claims: Sequence[ClaimPlan], staff: frozenset[UUID], preferred: frozenset[UUID]) -> ChosenBy | None:
    """Why the staff member of an item was chosen; of an item without staff, why its first resource was."""
    if not claims:
        return None
    decisive = next((claim for claim in claims if claim.resource_id in staff), claims[0])
    return ChosenBy.PREFERRED if decisive.resource_id in preferred else decisive.chosen_by


class DayBook:
    """The claims of the business day on which a booking would start."""

    def __init__(self, question: Question, facts: Facts, start: datetime) -> None:
        self._question = question
        self._facts = facts
        self._start = floor_minute(start)
        date = start.astimezone(question.zone).date()
        self._days = business_days(question.zone, date - timedelta(days=2), date + timedelta(days=1))
        low, high = self._end_of(1), self._end_of(2)
        if self._start < low:  # in the night of the day before
            low, high = self._end_of(0), low
        self.low, self.high = instant_of(low), instant_of(high)
        self._claims: dict[UUID, list[Taken]] = {}
        for claim in facts.taken:
            if claim.ends_at > self.low and claim.starts_at < self.high:
                self._claims.setdefault(claim.resource_id, []).append(claim)

    def workloads(self, slot: Slot, options: Options) -> dict[UUID, Workload]:
        """The workload of every resource of ``options`` for one requirement."""
        return {resource_id: self._workload(slot, resource_id, units) for resource_id, units in options}

    def _workload(self, slot: Slot, resource_id: UUID, units: Sequence[int]) -> Workload:
        claims = self._claims.get(resource_id, [])
        visits = {one.visit for one in claims if one.visit is not None and self.low <= one.starts_at < self.high}
        resource = self._facts.resources[resource_id]
        begin, end = self._open_around(slot, resource.calendar)
        free = max((self._free_around(slot, unit, claims, begin, end) for unit in units), default=timedelta(0))
        return Workload(len(visits) / resource.capacity, free, max(visits, default=NOBODY))

    def _free_around(self, slot: Slot, unit: int, claims: Sequence[Taken], begin: datetime, end: datetime) -> timedelta:
        opens, closes = instant_of(self._start + slot.opens), instant_of(self._start + slot.closes)
        begin, end = min(begin, opens), max(end, closes)
        for claim in claims:
            if claim.unit == unit and claim.ends_at <= opens:
                begin = max(begin, claim.ends_at)
            elif claim.unit == unit and claim.starts_at >= closes:
                end = min(end, claim.starts_at)
        return end - begin

    def _open_around(self, slot: Slot, calendar: Calendar) -> tuple[datetime, datetime]:
        """The hours of the business and of a resource around the service, inside the business day."""
        served = self._start + slot.opens + self._question.items[slot.item].buffer_before
        low, high = floor_minute(self.low), floor_minute(self.high)
        for one in {id(each): each for each in (self._facts.business, calendar)}.values():
            for _, start, end in self._days.spans(one, 0, 3):
                if start <= served < end:
                    low, high = max(low, start), min(high, end)
        return instant_of(low), instant_of(high)

    def _end_of(self, index: int) -> int:
        """When a business day ends: at midnight, or when its last hours do."""
        ends = [end for _, _, end in self._days.spans(self._facts.business, index, index)]
        return max([self._days.midnights[index + 1], *ends])


def turn(values: Sequence[T], by: int) -> Sequence[T]:
    """The values from place ``by`` on, and then those before it."""
    if not values:
        return values
    by %= len(values)
    return [*values[by:], *values[:by]]
