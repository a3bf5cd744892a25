"""Tables: how many parties can sit at once, with tables that are joined where the owner lets them be. Pure.

A party sits at one table that is large enough, or at a join of tables of which none is. A join with a table that is
large enough alone is never needed. So the tables of the two never compete, and their numbers add up.
"""

from collections.abc import Sequence
from operator import add

from domain.scheduling.availability.bits import Tally
from domain.scheduling.availability.board import Slot

_WIDTH = 11
_BETWEEN = 1 << _WIDTH - 1
"""Bits of a field of `_Packing`: a resource has 500 units at most, which is less than the bit between the fields."""
PACKING_STEPS = 20_000
"""How many steps the search of one question may take. What is not found then does not count as free."""


def times_served(slot: Slot, wanted: Sequence[int]) -> list[int]:
    """At each of the ``wanted`` positions: how many times the requirement can be fulfilled at once."""
    alone = slot.served.at(wanted)
    return list(map(add, alone, _times_joined(slot, wanted))) if slot.joined else alone


def _times_joined(slot: Slot, wanted: Sequence[int]) -> list[int]:
    tables = sorted({one for join in slot.joins for one, _ in join.units})
    packing = _Packing([tuple(dict(join.units).get(one, 0) for one in tables) for join in slot.joins])
    counts = []
    for one in tables:
        free = Tally()
        for bits in slot.parts[one]:
            free.add(bits)
        counts.append(free.at(wanted))
    return [packing.most(free) for free in zip(*counts, strict=True)]


class _Packing:
    """``joins``: how many units each takes of each table. Units of one table are equal, so their number is enough to
    know. All numbers of a state are in one integer, a field for each table, with a bit between the fields."""

    def __init__(self, joins: Sequence[tuple[int, ...]]) -> None:
        # One that takes as much as another and more is never needed.
        needed = [one for one in set(joins) if not any(other != one and _within(other, one) for other in joins)]
        self._tables = len(joins[0])
        self._between = _packed((_BETWEEN,) * self._tables)
        self._by_first: list[list[int]] = [[] for _ in range(self._tables)]
        for join in needed:
            first = next(table for table, units in enumerate(join) if units)
            self._by_first[first].append(_packed(join))
        self._known: dict[tuple[int, ...], int] = {}
        self._from_table: dict[tuple[int, int], int] = {}
        self._steps = PACKING_STEPS

    def most(self, free: tuple[int, ...]) -> int:
        """The most joins that fit at once into so many free units of each table."""
        found = self._known.get(free)
        if found is None:
            found = self._known[free] = self._most(0, _packed(free))
        return found

    def _most(self, table: int, free: int) -> int:
        """As ``most``, with the joins whose first table is this one or a later one; no other uses the tables before."""
        if table == self._tables:
            return 0
        state = table, free >> table * _WIDTH
        best = self._from_table.get(state)
        if best is not None:
            return best
        if self._steps <= 0:
            return 0
        self._steps -= 1
        best = self._most(table + 1, free)
        for join in self._by_first[table]:
            left = (free | self._between) - join
            if left & self._between == self._between:
                best = max(best, 1 + self._most(table, left ^ self._between))
        self._from_table[state] = best
        return best


def _packed(numbers: Sequence[int]) -> int:
    return sum(number << table * _WIDTH for table, number in enumerate(numbers))


def _within(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(a <= b for a, b in zip(one, other, strict=True))
