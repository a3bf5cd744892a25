"""Bookings: making, reading, and all commands."""
