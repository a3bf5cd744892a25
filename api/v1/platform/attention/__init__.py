"""Attention items."""
