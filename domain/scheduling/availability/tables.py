"""Tables: how many parties can sit at once, with tables that are joined where the owner lets them be. Pure.

A party sits at one table that is large enough, or at a join of tables of which none is. A join with a table that is
large enough alone is never needed. So the tables of the two never compete, and their numbers add up.
"""

from collections.abc import Sequence
from operator import add

from domain.scheduling.availability.bits import Tally
from domain.scheduling.availability.board import Slot

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
    know, and the few numbers that there are repeat every day."""

    def __init__(self, joins: Sequence[tuple[int, ...]]) -> None:
        #: One that takes as much as another and more is never needed.
        self._joins = [one for one in set(joins) if not any(other != one and _within(other, one) for other in joins)]
        self._known: dict[tuple[int, ...], int] = {}
        self._steps = PACKING_STEPS

    def most(self, free: tuple[int, ...]) -> int:
        """The most joins that fit at once into so many free units of each table."""
        known = self._known.get(free)
        if known is not None:
            return known
        fitting = [join for join in self._joins if _within(join, free)]
        if not fitting or self._steps <= 0:
            return 0
        self._steps -= 1
        first = next(place for place in range(len(free)) if any(join[place] for join in fitting))
        # Its units stay free, or one of them is part of a join.
        best = self.most((*free[:first], 0, *free[first + 1 :]))
        for join in fitting:
            if join[first]:
                left = tuple(units - taken for units, taken in zip(free, join, strict=True))
                best = max(best, 1 + self.most(left))
        self._known[free] = best
        return best


def _within(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(a <= b for a, b in zip(one, other, strict=True))
