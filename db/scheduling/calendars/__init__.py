"""Calendars of a business and of what it books out: reading them, and changing them without stranding anybody."""
