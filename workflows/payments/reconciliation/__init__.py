"""Compares our payments with those of the providers."""
