"""Entries of the waitlist, the offers that they get, and what an offer becomes."""
