"""Why a booking has the resource that it has."""

from enum import StrEnum


class ChosenBy(StrEnum):
    """Why this one serves and no other: the customer named them; they had the fewest bookings that day; of these the
    longest free time around the visit; it was their turn; no other was free. Of tables: it is the smallest free one
    that seats the party, or none did and several were joined."""

    PREFERRED = "preferred"
    FEWEST_BOOKINGS = "fewest_bookings"
    LONGEST_FREE = "longest_free"
    TURN = "turn"
    ONLY_ONE = "only_one"
    SMALLEST_TABLE = "smallest_table"
    JOINED_TABLES = "joined_tables"
