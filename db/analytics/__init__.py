"""Aggregates by business and business day."""
