"""Task queues. Each one scales by starting more workers of its role."""

BOOKINGS = "bookings"
PAYMENTS = "payments"
NOTICES = "notices"
#: Work of the platform itself: maintenance, and data exports and erasures.
PLATFORM = "platform"
#: Inspection of files: needs much processor time.
MEDIA = "media"
#: Computation of figures for many businesses: needs much processor time and load on Postgres.
ANALYTICS = "analytics"


def every() -> tuple[str, ...]:
    """All of them."""
    return (BOOKINGS, PAYMENTS, NOTICES, PLATFORM, MEDIA, ANALYTICS)
