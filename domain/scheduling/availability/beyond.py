"""The claims of a booking that a manager overbooks: free units where there are any, and units that do not exist."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from domain.instants import as_utc
from domain.scheduling.availability.anyone import DayBook, Workload
from domain.scheduling.availability.board import Slot, build_board
from domain.scheduling.availability.choice import free_at
from domain.scheduling.availability.days import floor_minute, instant_of
from domain.scheduling.availability.engine import with_waits
from domain.scheduling.availability.model import ClaimPlan, Facts, Question, Taken
from domain.scheduling.overbooking import OVERBOOKED

Way = tuple[tuple[UUID, int], ...]
Free = Mapping[UUID, Sequence[int]]
Rank = tuple[float, timedelta, UUID]


def plan_beyond(question: Question, facts: Facts, start: datetime) -> tuple[ClaimPlan, ...] | None:
    """The claims of a booking at ``start``, whether or not its resources are free then. None: the business is closed,
    nobody works, or no booking starts then; a manager overbooks people and rooms, not hours.

    Each requirement takes free units where enough are free, else those of the resource with the fewest bookings of the
    day; what is missing are units from `OVERBOOKED` on. The places of a class that are sold count as taken.
    """
    for one in with_waits(question):
        found = _plan_one(one, facts, as_utc(start))
        if found is not None:
            return found
    return None


def _plan_one(question: Question, facts: Facts, moment: datetime) -> tuple[ClaimPlan, ...] | None:
    narrow = replace(question, earliest=max(question.earliest, moment), latest=min(question.latest, moment))
    roomy = {key: replace(one, capacity=one.capacity + question.party_size) for key, one in facts.resources.items()}
    opened, actual = build_board(narrow, Facts(facts.business, roomy, [])), build_board(narrow, facts)
    if opened is None or actual is None or not opened.starts:
        return None
    position = floor_minute(moment) - actual.origin
    book, chosen = DayBook(question, facts, moment), _Chosen(facts, floor_minute(moment))
    for possible, slot in zip(opened.slots, actual.slots, strict=True):
        [choice] = free_at([possible], lambda bits: bool(bits >> position & 1))
        ways: list[Way] = [((key, slot.units),) for key, _ in choice.alone]
        ways += [tuple((key, count) for key, _, count in parts) for parts in choice.joined]
        full = _is_sold_out(question, facts, slot, chosen.start)
        free = {key: [] if full else chosen.free(slot, key, position) for way in ways for key, _ in way}
        workloads = book.workloads(slot, list(free.items()))
        for key, count in min(ways, key=partial(_order, slot, free, workloads)):
            chosen.take(slot, key, count, free[key][:count])
    return tuple(chosen.claims)


def _order(slot: Slot, free: Free, workloads: Mapping[UUID, Workload], way: Way) -> tuple[bool, bool, int, Rank]:
    """In ascending order the best way to fulfil a requirement comes first: with free units, at one table, the smallest,
    with the fewest bookings."""
    [(first, _), *others] = way
    is_short = any(len(free[key]) < count for key, count in way)
    return is_short, bool(others), slot.seats.get(first, 0), workloads[first].rank


def _is_sold_out(question: Question, facts: Facts, slot: Slot, start: int) -> bool:
    """Whether the requirement is for the seats of a class that has not enough places left."""
    item = question.items[slot.item]
    if item.places is None or not slot.need.per_person:
        return False
    sold = facts.sold.get((item.service_id, instant_of(start + question.offsets()[slot.item])), 0)
    return item.places - sold < question.party_size


@dataclass
class _Chosen:
    """The claims that were chosen so far. ``start``: of the booking, in UTC minutes."""

    facts: Facts
    start: int
    claims: list[ClaimPlan] = field(default_factory=list)

    def free(self, slot: Slot, resource_id: UUID, position: int) -> list[int]:
        """The free units of a resource for one requirement, without those that were just chosen."""
        bits = slot.free.get(resource_id) or slot.parts.get(resource_id, ())
        taken = self._taken(slot, resource_id)
        return [unit for unit, free in enumerate(bits) if free >> position & 1 and unit not in taken]

    def take(self, slot: Slot, resource_id: UUID, count: int, free: Sequence[int]) -> None:
        """Choose ``count`` units of a resource: the free ones, and as many others as are missing."""
        taken, units, extra = self._taken(slot, resource_id), list(free), OVERBOOKED
        while len(units) < count:
            if extra not in taken:
                units.append(extra)
            extra += 1
        opens, closes = self._limits(slot)
        self.claims += [ClaimPlan(slot.item, slot.need.group, resource_id, unit, opens, closes) for unit in units]

    def _taken(self, slot: Slot, resource_id: UUID) -> set[int]:
        opens, closes = self._limits(slot)
        rows: list[Taken | ClaimPlan] = [*self.facts.taken, *self.claims]
        return {
            one.unit
            for one in rows
            if one.resource_id == resource_id and one.starts_at < closes and one.ends_at > opens
        }

    def _limits(self, slot: Slot) -> tuple[datetime, datetime]:
        zero = instant_of(self.start)
        return zero + timedelta(minutes=slot.opens), zero + timedelta(minutes=slot.closes)
