"""Customers from files."""
