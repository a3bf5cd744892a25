"""Which unit fulfils which requirement: complete assignments for one start, in the order in which to try them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from uuid import UUID

from domain.scheduling.availability.anyone import Options, turn
from domain.scheduling.availability.board import Slot
from domain.scheduling.availability.days import instant_of
from domain.scheduling.availability.model import ClaimPlan
from domain.scheduling.reasons import ChosenBy

SEARCH_STEPS = 100_000
"""How many steps the search of one question may take where requirements for several units compete. What is not decided
then does not count as free."""


Parts = tuple[tuple[UUID, tuple[int, ...], int], ...]
"""The tables of a join: each with its free units, and how many of them it takes."""


@dataclass(frozen=True, slots=True)
class Pick:
    """The units that fulfil one requirement: of one resource, or of each table of a join."""

    parts: tuple[tuple[UUID, tuple[int, ...]], ...]

    @property
    def units(self) -> frozenset[tuple[UUID, int]]:
        """Each unit with its resource."""
        return frozenset((resource_id, unit) for resource_id, units in self.parts for unit in units)


@dataclass(frozen=True, slots=True)
class Choice:
    """What can fulfil one requirement at one start: one of the resources alone, or tables that are joined."""

    alone: Options
    joined: tuple[Parts, ...] = ()

    def __len__(self) -> int:
        return sum(len(units) for _, units in self.alone) + len(self.joined)


class Search:
    """Finds assignments that use no unit twice at the same time. All calls together may take ``steps`` steps."""

    def __init__(self, slots: Sequence[Slot], steps: int = SEARCH_STEPS) -> None:
        self._slots = slots
        self.steps = steps

    def all(self, options: Sequence[Choice]) -> Iterator[tuple[Pick, ...]]:
        """Every assignment, one pick per slot; stops early when no steps are left."""
        # The requirement with the fewest options comes first, so that an impossible case is found early.
        order = sorted(range(len(options)), key=lambda index: len(options[index]))
        yield from self._descend(options, order, {})

    def _descend(
        self, options: Sequence[Choice], order: Sequence[int], picks: dict[int, Pick]
    ) -> Iterator[tuple[Pick, ...]]:
        if len(picks) == len(order):
            yield tuple(picks[index] for index in range(len(order)))
            return
        index = order[len(picks)]
        for pick in self._picks(index, options[index], picks):
            if self.steps <= 0:
                return
            self.steps -= 1
            picks[index] = pick
            yield from self._descend(options, order, picks)
            del picks[index]

    def _picks(self, index: int, choice: Choice, picks: Mapping[int, Pick]) -> Iterator[Pick]:
        """Every pick for one requirement beside those that were made."""

        def chosen(resource_id: UUID, units: Sequence[int], count: int) -> Iterator[tuple[UUID, tuple[int, ...]]]:
            used = self._used(index, resource_id, picks)
            left = [unit for unit in units if unit not in used]
            return ((resource_id, some) for some in combinations(left, count))

        for resource_id, units in choice.alone:
            for part in chosen(resource_id, units, self._slots[index].units):
                yield Pick((part,))
        for parts in choice.joined:
            for found in product(*(chosen(*part) for part in parts)):
                yield Pick(found)

    def _used(self, index: int, resource_id: UUID, picks: Mapping[int, Pick]) -> set[int]:
        slot = self._slots[index]
        used: set[int] = set()
        for other, pick in picks.items():
            if slot.overlaps(self._slots[other]):
                used.update(unit for one, units in pick.parts if one == resource_id for unit in units)
        return used


def free_at(slots: Sequence[Slot], is_free: Callable[[int], bool]) -> list[Choice]:
    """Per slot what can fulfil it; ``is_free`` tests a unit's bit string."""

    def units_of(bits: Sequence[int]) -> tuple[int, ...]:
        return tuple(unit for unit, part in enumerate(bits) if is_free(part))

    options = []
    for slot in slots:
        alone = tuple((resource_id, units_of(bits)) for resource_id, bits in slot.free.items())
        parts = {resource_id: units_of(bits) for resource_id, bits in slot.parts.items()} if slot.joins else {}
        joined = tuple(tuple((one, parts[one], count) for one, count in join.units) for join in slot.joins)
        options.append(
            Choice(
                tuple(option for option in alone if len(option[1]) >= slot.units),
                tuple(one for one in joined if all(len(units) >= count for _, units, count in one)),
            )
        )
    return options


def bookings_left(slots: Sequence[Slot], wanted: Sequence[int]) -> list[int]:
    """At each of the ``wanted`` positions: how many times all ``slots`` can be fulfilled at once."""
    texts: dict[int, str] = {}
    for slot in slots:
        for bits in (*slot.free.values(), *slot.parts.values()):
            texts.update((id(part), bin(part)[:1:-1]) for part in bits if id(part) not in texts)
    packing = _Packing(slots)
    known: dict[object, int] = {}  # the same few patterns of free units repeat every day
    found = []
    for position in wanted:
        options = free_at(slots, lambda part, at=position: texts[id(part)][at : at + 1] == "1")  # type: ignore[misc]
        key = tuple(options)
        if key not in known:
            known[key] = packing.most(options)
        found.append(known[key])
    return found


class _Packing:
    """Counts how many equal bookings fit together into the free units of competing requirements."""

    def __init__(self, slots: Sequence[Slot]) -> None:
        self._slots = slots
        self._steps = SEARCH_STEPS
        # Requirements that all overlap each other: each unit fulfils only one of them.
        self._sets = [
            chosen
            for size in range(1, len(slots) + 1)
            for chosen in combinations(range(len(slots)), size)
            if all(slots[a].overlaps(slots[b]) for a, b in combinations(chosen, 2))
        ]
        together = tuple(range(len(slots)))
        simple = all(slot.units == 1 and not slot.joins for slot in slots)
        self._bound_is_exact = together in self._sets and simple

    def most(self, options: Sequence[Choice]) -> int:
        """The number of bookings that fit at once."""
        bound = self._bound(options)
        if self._bound_is_exact:
            return bound
        count = 0
        while count < bound and self._fits(options, count + 1):
            count += 1
        return count

    def _bound(self, options: Sequence[Choice]) -> int:
        """``k`` bookings need ``k`` times their units, out of the units that any of the requirements may use. If each
        needs one unit and all overlap, that is also sufficient (Hall's marriage theorem)."""
        usable = [_usable(one) for one in options]
        bits = {unit: 1 << place for place, unit in enumerate(set().union(*usable))}
        masks = [sum(bits[unit] for unit in one) for one in usable]
        best: int | None = None
        for chosen in self._sets:
            union, wanted = 0, 0
            for index in chosen:
                union |= masks[index]
                wanted += self._slots[index].units
            most = union.bit_count() // wanted
            best = most if best is None else min(best, most)
        return best or 0

    def _fits(self, options: Sequence[Choice], count: int) -> bool:
        search = Search([*self._slots] * count, self._steps)
        fits = next(search.all([*options] * count), None) is not None
        self._steps = search.steps
        return fits


def _usable(choice: Choice) -> set[tuple[UUID, int]]:
    """The units that a requirement may use."""
    alone = {(resource_id, unit) for resource_id, units in choice.alone for unit in units}
    return alone | {(resource_id, unit) for parts in choice.joined for resource_id, units, _ in parts for unit in units}


def candidates(slots: Sequence[Slot], options: Sequence[Choice], limit: int) -> Iterator[tuple[Pick, ...]]:
    """At most ``limit`` different assignments.

    The first ones have no pick in common, so that a client that loses one unit to another client does not lose the next
    candidate too; then come all others.
    """
    rows = [_row(slot, choice) for slot, choice in zip(slots, options, strict=True)]
    seen: set[tuple[Pick, ...]] = set()
    for place in range(max(len(row) for row in rows)):
        picks = tuple(row[place % len(row)] for row in rows)
        if len(seen) < limit and picks not in seen and not _collide(slots, picks):
            seen.add(picks)
            yield picks
    for picks in Search(slots).all(options):
        if len(seen) >= limit:
            return
        picks = tuple(Pick(tuple((one, tuple(sorted(units))) for one, units in pick.parts)) for pick in picks)
        if picks not in seen:
            seen.add(picks)
            yield picks


def claims_of(
    slots: Sequence[Slot], picks: Sequence[Pick], start: int, reasons: Sequence[Mapping[UUID, ChosenBy]]
) -> tuple[ClaimPlan, ...]:
    """The claims of an assignment for a booking that starts at UTC minute ``start``; ``reasons``: for each slot, why a
    resource is chosen."""
    return tuple(
        ClaimPlan(
            slot.item,
            slot.need.group,
            resource_id,
            unit,
            instant_of(start + slot.opens),
            instant_of(start + slot.closes),
            why[resource_id],
        )
        for slot, pick, why in zip(slots, picks, reasons, strict=True)
        for resource_id, units in pick.parts
        for unit in units
    )


def _row(slot: Slot, choice: Choice) -> list[Pick]:
    """One pick per start position in each resource's free units, continuing from the beginning where several are
    needed; then one for each join."""
    row = []
    for resource_id, units in choice.alone:
        places = len(units) if len(units) > slot.units else 1
        for place in range(places):
            chosen = sorted(turn(units, place)[: slot.units])
            row.append(Pick(((resource_id, tuple(chosen)),)))
    row += [Pick(tuple((one, units[:count]) for one, units, count in parts)) for parts in choice.joined]
    return row


def _collide(slots: Sequence[Slot], picks: Sequence[Pick]) -> bool:
    for (a, one), (b, other) in combinations(enumerate(picks), 2):
        if slots[a].overlaps(slots[b]) and not one.units.isdisjoint(other.units):
            return True
    return False
