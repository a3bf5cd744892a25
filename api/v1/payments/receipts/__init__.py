"""Receipts, invoices and credit notes."""
