"""Staff of a business, their hours, and their bookings."""
