"""Statements of bookings, split by verb: hold, change, read."""
