"""The export of many figures into a file."""
