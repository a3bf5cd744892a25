"""Clients of other systems, one folder per capability, and the sandbox servers that replace them in development."""
