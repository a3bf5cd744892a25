"""Measurements. ``make bench`` prints tables and writes JSON; nothing here fails on a time."""
