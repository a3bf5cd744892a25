"""A dispute: its evidence, and the reminders of its deadline."""
