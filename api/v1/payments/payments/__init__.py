"""Paying for a booking, giving money back, and what providers tell."""
