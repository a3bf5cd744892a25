"""Overbooking: more bookings at one time than there are units, by the word of a manager. Pure.

An overbooked claim has a unit that does not exist, so the constraint that no unit is taken twice holds for all claims.
A resource has fewer units than `OVERBOOKED`, so the numbers from there on are free for this.
"""

from collections.abc import Mapping

#: The first number of the units that do not exist. Resources have 500 units at most.
OVERBOOKED = 1000


def is_overbooked(unit: int) -> bool:
    """Whether a claim of this unit is beyond what there is."""
    return unit >= OVERBOOKED


def within_capacity(taken: Mapping[int, int], capacity: int) -> Mapping[int, int]:
    """The claimed minutes of each unit (bit strings), with overbooked claims moved to units that are free in their
    minutes.

    As long as all units are taken, an overbooked claim changes nothing. When a unit is freed, its minutes belong to the
    overbooked claim: nobody else is offered them.
    """
    beyond = sorted(unit for unit in taken if is_overbooked(unit))
    if not beyond:
        return taken
    within = {unit: bits for unit, bits in taken.items() if not is_overbooked(unit)}
    for unit in beyond:
        rest = taken[unit]
        for target in range(capacity):
            before = within.get(target, 0)
            within[target] = before | rest
            rest &= before
    return within
