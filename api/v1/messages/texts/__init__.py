"""Texts of messages that a business writes itself."""
