"""How many unpaid bookings one caller may have."""

import pytest

from domain.bookings.errors import HoldLimit
from domain.bookings.limits import MAX_OPEN_HOLDS, check_open_bookings


@pytest.mark.parametrize(
    ("by_customer", "by_network", "is_proven", "is_refused"),
    [
        (0, 0, False, False),
        (MAX_OPEN_HOLDS - 1, MAX_OPEN_HOLDS - 1, False, False),
        (MAX_OPEN_HOLDS, 0, True, True),
        (MAX_OPEN_HOLDS, 0, False, True),
        (0, MAX_OPEN_HOLDS, False, True),
        (0, MAX_OPEN_HOLDS * 10, True, False),  # many people share a network
    ],
)
def test_check_open_bookings_counts_proven_identity_or_network(
    by_customer: int, by_network: int, is_proven: bool, is_refused: bool
) -> None:
    if not is_refused:
        check_open_bookings(by_customer, by_network, is_proven=is_proven)
        return
    with pytest.raises(HoldLimit):
        check_open_bookings(by_customer, by_network, is_proven=is_proven)
