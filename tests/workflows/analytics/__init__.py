"""The computation of business days."""
