"""How long the signed link of a booking opens it."""

from datetime import datetime, timedelta

#: After the end of the visit, so that receipts and refunds can still be read; the same for a cancelled booking.
AFTER_THE_END = timedelta(days=30)


def link_ends(end_at: datetime) -> datetime:
    """When the link of a booking that ends (or would have ended) at ``end_at`` is over. It is computed again at every
    use, so a rescheduled booking takes its link along."""
    return end_at + AFTER_THE_END
