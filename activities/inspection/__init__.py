"""Inspection of uploaded files. Runs in a subprocess without secrets and with little memory."""
