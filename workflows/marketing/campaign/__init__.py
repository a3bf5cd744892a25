"""Messages to many customers."""
