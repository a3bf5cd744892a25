"""The export of a person's data."""
