"""Statements of recurring bookings, split by verb: book, read, move."""
