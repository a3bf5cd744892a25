"""The workflow of one booking."""
