"""Converts a question and its facts to bit strings: which starts are offered, and where each unit is free.

Position ``p`` of every bit string is a start of the *whole booking* at UTC minute ``origin + p``; the later items of a
booking are shifted accordingly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import combinations
from uuid import UUID

from domain.scheduling.availability.bits import Tally, every, join, ones, runs, span
from domain.scheduling.availability.days import (
    BusinessDays,
    business_days,
    ceil_minute,
    floor_minute,
    instant_of,
    local,
)
from domain.scheduling.availability.model import Facts, Item, Join, Need, Question, Resource, StartGrid, Taken
from domain.scheduling.hours import DAY, Calendar
from domain.scheduling.overbooking import is_overbooked, within_capacity


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """One requirement of one item.

    ``opens`` and ``closes``: the limits of the claim in minutes from the start of the whole booking, buffers included.
    ``free``: per resource and unit, the starts at which that unit can fulfil the requirement. ``served``: for each
    start, how many times the requirement can be fulfilled by one resource. Of tables: ``seats`` of those that seat the
    party alone; ``parts``, as ``free``, of the smaller ones; ``joins`` of these that seat it together, and ``joined``:
    the starts at which one of the joins is free.
    """

    item: int
    need: Need
    units: int
    opens: int
    closes: int
    free: Mapping[UUID, tuple[int, ...]]
    served: Tally
    seats: Mapping[UUID, int] = field(default_factory=dict)
    parts: Mapping[UUID, tuple[int, ...]] = field(default_factory=dict)
    joins: tuple[Join, ...] = ()
    joined: int = 0

    @property
    def resources(self) -> frozenset[UUID]:
        """All that may be claimed for it."""
        return frozenset(self.free.keys() | self.parts.keys())

    def overlaps(self, other: "Slot") -> bool:
        """True when the two claims share a minute, so that they cannot have the same unit."""
        return self.opens < other.closes and other.opens < self.closes


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """The starts at which every requirement is fulfilled by itself. ``competing``: see ``find_competing``."""

    origin: int
    starts: int
    slots: tuple[Slot, ...]
    competing: tuple[Slot, ...]


def build_board(question: Question, facts: Facts) -> Board | None:
    """The board of ``question``; None when its date range and booking window contain no start."""
    items = question.items
    offsets = question.offsets()
    length = offsets[-1] + items[-1].duration
    zone = question.zone
    # A range of business day D may contain starts of two wall-clock dates, of a third one where a zone skipped a date.
    first = max(question.first, question.earliest.astimezone(zone).date() - timedelta(days=2))
    last = min(question.last, question.latest.astimezone(zone).date())
    if last < first:
        return None
    days = business_days(zone, first - timedelta(days=2), last + timedelta(days=3 + length // DAY))
    low = max(ceil_minute(question.earliest), days.midnights[2])
    # If the zone skips the date after ``last``, a night may end after the next midnight that exists.
    latest_end = max(local(zone, last, 2 * DAY), local(zone, last, DAY) + DAY)
    high = min(floor_minute(question.latest) + 1, latest_end)
    if high <= low:
        return None
    lead = max(item.buffer_before - offset for item, offset in zip(items, offsets, strict=True))
    tail = max(o + i.duration + i.buffer_after for i, o in zip(items, offsets, strict=True))
    frame = _Frame(days, facts, low - max(lead, 0), high + tail)
    starts = frame.grid(2, 2 + (last - first).days, low, high, question)
    slots: list[Slot] = []
    for index, item in enumerate(items):
        for need in item.needs:
            slot = frame.slot(index, item, need, offsets[index], question)
            starts &= slot.served.any() | slot.joined
            slots.append(slot)
    return Board(frame.origin, starts, tuple(slots), find_competing(slots))


def find_competing(slots: Sequence[Slot]) -> tuple[Slot, ...]:
    """The requirements that may need the same unit at the same time, so that checking each alone is not enough.

    Examples: the same staff in two groups of a service, or overlapping buffers of consecutive items.
    """
    found: set[int] = set()
    for (a, one), (b, other) in combinations(enumerate(slots), 2):
        if one.overlaps(other) and one.resources & other.resources:
            found |= {a, b}
    return tuple(slots[index] for index in sorted(found))


class _Frame:
    """The minutes ``[origin, end)``, and which of them are open and claimed. Each calendar is computed once."""

    def __init__(self, days: BusinessDays, facts: Facts, origin: int, end: int) -> None:
        self.origin = origin
        self._size = end - origin
        self._days = days
        self._facts = facts
        self._all = ones(self._size)
        self._taken = _taken_bits(facts.taken, origin, self._size)
        # By identity: calendars contain mappings and are not hashable; the facts keep them alive in the meantime.
        self._open: dict[int, int] = {}
        self._fits: dict[tuple[int, int], int] = {}

    def grid(self, first: int, last: int, low: int, high: int, question: Question) -> int:
        """The starts offered on the business days with index ``first`` to ``last``, in minutes ``[low, high)``.

        A start is offered inside the business's hours when the wall clock is a multiple of the slot interval after the
        opening, or after midnight (``question.grid``). An hour that the clock repeats is offered twice, an hour that it
        skips is not.
        """
        step = question.slot_interval
        comb = every(step, 3 * DAY)
        bits = 0
        for index, start, end in self._days.spans(self._facts.business, first, last):
            if end <= low or start >= high:
                continue
            opening = None if question.grid is StartGrid.OPENING else 0
            for begin, stop, wall in self._days.pieces(index, start, end):
                opening = wall if opening is None else opening
                skipped = max(low - begin, 0)
                offered = begin + skipped + (opening - wall - skipped) % step
                count = min(stop, high) - offered
                if count > 0:
                    bits |= (comb & ones(count)) << (offered - self.origin)
        return bits

    def slot(self, index: int, item: Item, need: Need, offset: int, question: Question) -> Slot:
        """Where each unit of ``need`` is open for the service, and free for the service with its buffers."""
        party = question.party_size
        units = need.units * (party if need.per_person else 1)
        free: dict[UUID, tuple[int, ...]] = {}
        parts: dict[UUID, tuple[int, ...]] = {}
        seats: dict[UUID, int] = {}
        served = Tally()
        for resource_id in need.resource_ids:
            resource = self._facts.resources.get(resource_id)
            if resource is None or resource_id in free or resource_id in parts:
                continue
            blank = self._fitting(resource.calendar, item.duration) >> offset
            busy = self._busy(resource, item, offset)
            bits = tuple(blank & busy[unit] if unit in busy else blank for unit in range(resource.capacity))
            if resource.seats is not None and not need.per_person:
                if resource.seats < party:
                    parts[resource_id] = bits
                    continue
                seats[resource_id] = resource.seats
            free[resource_id] = bits
            _count(served, blank, [bits[unit] for unit in busy], resource.capacity, units)
        joins = tuple(
            join for join in question.joins if join.seats >= party and all(one in parts for one, _ in join.units)
        )
        opens, closes = offset - item.buffer_before, offset + item.duration + item.buffer_after
        return Slot(index, need, units, opens, closes, free, served, seats, parts, joins, _joined(joins, parts))

    def _busy(self, resource: Resource, item: Item, offset: int) -> dict[int, int]:
        """Per unit with any claim: the starts at which the item's claim overlaps none of them."""
        length = item.buffer_before + item.duration + item.buffer_after
        shift = offset - item.buffer_before
        claimed = self._facts.claimed.get(resource.id)
        if claimed is not None and not any(map(is_overbooked, claimed)):
            origin = self.origin + shift
            return {unit: ~one.meeting(length, origin) for unit, one in claimed.items() if unit < resource.capacity}
        clear: dict[int, int] = {}
        for unit, taken in within_capacity(self._taken_of(resource.id), resource.capacity).items():
            if 0 <= unit < resource.capacity:
                bits = runs(self._all ^ taken, length)
                clear[unit] = bits >> shift if shift >= 0 else bits << -shift
        return clear

    def _taken_of(self, resource_id: UUID) -> Mapping[int, int]:
        claimed = self._facts.claimed.get(resource_id)
        if claimed is None:
            return self._taken.get(resource_id, {})
        return {unit: one.since(self.origin) & self._all for unit, one in claimed.items()}

    def _fitting(self, calendar: Calendar, duration: int) -> int:
        """The minutes from which ``duration`` minutes are open, for the business and the resource."""
        key = (id(calendar), duration)
        bits = self._fits.get(key)
        if bits is None:
            both = self._opening(calendar) & self._opening(self._facts.business)
            bits = self._fits[key] = runs(both, duration)
        return bits

    def _opening(self, calendar: Calendar) -> int:
        bits = self._open.get(id(calendar))
        if bits is None:
            bits = self._open[id(calendar)] = self._days.opening(calendar, self.origin)
        return bits


def _joined(joins: Sequence[Join], parts: Mapping[UUID, tuple[int, ...]]) -> int:
    """The starts at which all units of one of the joins are free."""
    found = 0
    for tables in joins:
        bits = -1
        for resource_id, units in tables.units:
            free = Tally()
            for part in parts[resource_id]:
                free.add(part)
            bits &= free.at_least(units)
        found |= bits
    return found


def _count(served: Tally, blank: int, busy: Sequence[int], capacity: int, units: int) -> None:
    """Add to ``served`` how many times one resource fulfils the requirement.

    Units without a claim are equal (``blank``) and counted together, so a class of a hundred costs no more time.
    """
    own = served if units == 1 else Tally()
    own.add(blank, capacity - len(busy))
    for bits in busy:
        own.add(bits)
    if units > 1:
        for times in range(1, capacity // units + 1):
            served.add(own.at_least(times * units))


def _taken_bits(taken: Sequence[Taken], origin: int, size: int) -> dict[UUID, dict[int, int]]:
    """Per resource and unit the claimed minutes; a partly claimed minute counts as claimed."""
    days: dict[UUID, dict[int, list[int]]] = {}
    count = size // DAY + 2
    zero = instant_of(origin)
    # This loop runs a thousand times per question, so it calls functions only for unusual claims.
    for claim in taken:
        since = claim.starts_at - zero
        start = since.days * DAY + since.seconds // 60
        until = zero - claim.ends_at  # negative, so that rounding down rounds the end up
        end = -(until.days * DAY + until.seconds // 60)
        if end <= 0 or start >= size:
            continue
        units = days.get(claim.resource_id)
        if units is None:
            units = days[claim.resource_id] = {}
        parts = units.get(claim.unit)
        if parts is None:
            parts = units[claim.unit] = [0] * count
        if start < 0 or end > size or end - start > DAY:
            _mark(parts, max(start, 0), min(end, size))
        else:
            parts[start // DAY] |= ((1 << (end - start)) - 1) << start % DAY
    return {
        resource_id: {unit: join(parts, DAY) for unit, parts in units.items()} for resource_id, units in days.items()
    }


def _mark(parts: list[int], start: int, end: int) -> None:
    """Set ``[start, end)`` in numbers that begin one day apart and may be two days long."""
    index, within = divmod(start, DAY)
    while end - index * DAY > 2 * DAY:  # a claim of several days, such as a closed room
        parts[index] |= span(within, DAY)
        index, within = index + 1, 0
    parts[index] |= span(within, end - index * DAY)
