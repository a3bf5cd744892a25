"""Figures of business days."""
