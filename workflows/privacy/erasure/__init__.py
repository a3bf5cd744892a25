"""The erasure of a person's data."""
