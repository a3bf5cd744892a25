"""Scheduled maintenance of the platform."""
