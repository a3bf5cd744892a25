"""Payouts to the bank, and fees of payments."""
