"""People of a business, their hours, and the bookings that are theirs."""
