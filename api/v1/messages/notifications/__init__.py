"""Sent messages."""
