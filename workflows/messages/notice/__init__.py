"""One message to one recipient."""
