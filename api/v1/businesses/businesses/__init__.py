"""Businesses: what everybody sees of them, and what their owners set."""
