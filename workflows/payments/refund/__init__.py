"""The workflow of one refund."""
