"""Messages that were sent."""
