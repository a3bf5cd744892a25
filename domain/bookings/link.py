"""How long the signed link of a booking is valid."""

from datetime import datetime, timedelta

#: Time after the end of the visit, so that receipts and refunds can still be read. The same for a cancelled booking.
AFTER_THE_END = timedelta(days=30)


def link_ends(end_at: datetime) -> datetime:
    """When the link of a booking that ends (or would have ended) at ``end_at`` expires. It is computed at every use, so
    it changes with a reschedule."""
    return end_at + AFTER_THE_END
