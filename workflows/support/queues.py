"""Task queues. Each scales by starting more workers of its role."""

BOOKINGS = "bookings"
PAYMENTS = "payments"
NOTICES = "notices"
#: What the platform does for itself: maintenance, exports and erasures that people asked for.
PLATFORM = "platform"
#: Looking into files: heavy on the processor.
MEDIA = "media"
#: Computing figures over many businesses: heavy on the processor and on Postgres.
ANALYTICS = "analytics"
