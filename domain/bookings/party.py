"""How many people a booking is for. Pure rules."""

from dataclasses import dataclass

from domain.booking_status import AHEAD, BookingStatus
from domain.errors import WrongState
from domain.scheduling.classes import is_class
from domain.scheduling.errors import PartySizeRefused


@dataclass(frozen=True, slots=True)
class PartyFacts:
    """A booking, and the smallest and largest party that its service takes. ``capacity``: the places of a class."""

    status: BookingStatus
    party_size: int
    party_min: int
    party_max: int
    capacity: int = 1


def changes_party(facts: PartyFacts, party_size: int) -> bool:
    """Whether the booking is for ``party_size`` people from now on. False: it is already.

    Raises WrongState after the check-in, and PartySizeRefused outside the service's bounds or in a class: there more
    people are more places and another price, so the booking is made again.
    """
    if party_size == facts.party_size:
        return False
    if facts.status not in AHEAD:
        raise WrongState({"status": facts.status.value, "wanted": "party_size"})
    if not facts.party_min <= party_size <= facts.party_max:
        raise PartySizeRefused({"party_min": facts.party_min, "party_max": facts.party_max})
    if is_class(facts.capacity):
        raise PartySizeRefused({"rule": "sold_by_place"})
    return True
