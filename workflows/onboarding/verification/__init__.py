"""The review that lets a business in."""
