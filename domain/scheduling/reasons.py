"""Why a booking has the resource that it has."""

from enum import StrEnum


class ChosenBy(StrEnum):
    """Why this one serves and no other: the customer named them; they had the fewest bookings that day; of these the
    longest free time around the visit; it was their turn; no other was free."""

    PREFERRED = "preferred"
    FEWEST_BOOKINGS = "fewest_bookings"
    LONGEST_FREE = "longest_free"
    TURN = "turn"
    ONLY_ONE = "only_one"
