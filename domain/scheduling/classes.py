"""Classes: services that sell places to several bookings at one start. The service has a number of places, its
resources have units; these functions define how both are combined."""

from collections.abc import Iterable, Sequence

from domain.errors import InvalidInput


def is_class(capacity: int) -> bool:
    """A service with several places is a class: it is sold by the place, to several bookings at one start."""
    return capacity > 1


def is_sold_by_unit(capacity: int, units: Sequence[int]) -> bool:
    """Whether a requirement group needs one unit per person: the seats of a class. ``units``: the number of units of
    each resource. A group with a resource of one unit (a teacher) needs one unit per booking."""
    return is_class(capacity) and all(number > 1 for number in units)


def check_places(capacity: int, party_min: int, party_max: int, groups: Iterable[Sequence[int]]) -> None:
    """Raise ``InvalidInput`` for a class that is too large for its resources: more places than all seats together, or a
    party that fits into none of them. The places may be in several rooms, a party is in one: it books one resource of
    each group. ``groups``: the units of the active resources of each group."""
    for units in groups:
        if is_sold_by_unit(capacity, units):
            if sum(units) < capacity:
                raise InvalidInput.at("capacity", "at_most_the_units_of_its_resources")
            if max(units) < party_min:
                raise InvalidInput.at("party_min", "at_most_the_units_of_one_resource")
            if max(units) < party_max:
                raise InvalidInput.at("party_max", "at_most_the_units_of_one_resource")
