"""The outside world, one folder per capability: the interface, the real clients, the sandbox that stands in."""
