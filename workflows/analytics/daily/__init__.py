"""Computes the figures of business days that ended or changed."""
