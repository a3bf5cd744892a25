"""Rates and periods."""
