"""When a service can be booked."""
