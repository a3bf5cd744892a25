"""Bookings by the hundred while everything under them is killed. ``make chaos`` is the long form."""
