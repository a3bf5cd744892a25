"""The import of customers from a file."""
