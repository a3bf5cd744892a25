"""Bookings: taking time, reading, and every command."""
