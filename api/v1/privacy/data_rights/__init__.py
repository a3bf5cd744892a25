"""Data exports and erasures for a person."""
