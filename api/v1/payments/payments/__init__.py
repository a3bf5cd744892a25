"""Payments, refunds, and webhooks of payment providers."""
