"""Task queues. Each scales by starting more workers of its role."""

BOOKINGS = "bookings"
PAYMENTS = "payments"
NOTICES = "notices"
