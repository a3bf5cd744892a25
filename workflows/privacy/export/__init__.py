"""A copy of all that is held of a person."""
