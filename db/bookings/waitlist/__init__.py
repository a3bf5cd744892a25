"""Entries of the waitlist, their offers, and the bookings from accepted offers."""
