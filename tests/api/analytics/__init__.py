"""Figures of a business over HTTP."""
