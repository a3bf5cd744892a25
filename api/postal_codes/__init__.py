"""Addresses from postal codes."""
