"""Stored events of payment providers, for operators."""
