"""Exports and erasures that people asked for."""
