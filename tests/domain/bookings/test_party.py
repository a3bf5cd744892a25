"""How many people a booking is for."""

from dataclasses import replace

import pytest

from domain.booking_status import BookingStatus
from domain.bookings.party import PartyFacts, changes_party
from domain.errors import WrongState
from domain.scheduling.errors import PartySizeRefused

PAIR = PartyFacts(BookingStatus.CONFIRMED, 2, 1, 4)


@pytest.mark.parametrize("size", [1, 3, 4])
def test_changes_party_inside_the_bounds_of_the_service(size: int) -> None:
    assert changes_party(PAIR, size)


@pytest.mark.parametrize("status", BookingStatus)
def test_changes_party_is_false_for_the_same_size_at_any_time(status: BookingStatus) -> None:
    assert not changes_party(replace(PAIR, status=status, capacity=9), 2)


@pytest.mark.parametrize("status", sorted(set(BookingStatus) - {BookingStatus.PENDING, BookingStatus.CONFIRMED}))
def test_changes_party_is_refused_from_the_check_in_on(status: BookingStatus) -> None:
    with pytest.raises(WrongState):
        changes_party(replace(PAIR, status=status), 3)


@pytest.mark.parametrize(
    ("size", "capacity", "details"),
    [
        (0, 1, {"party_min": 1, "party_max": 4}),
        (5, 1, {"party_min": 1, "party_max": 4}),
        (3, 8, {"rule": "sold_by_place"}),
    ],
)
def test_changes_party_names_what_is_in_the_way(size: int, capacity: int, details: dict[str, object]) -> None:
    with pytest.raises(PartySizeRefused) as refused:
        changes_party(replace(PAIR, capacity=capacity), size)
    assert refused.value.details == details
