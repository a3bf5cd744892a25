"""Random commands over HTTP against a small reference model of bookings, blocks, series and the waitlist."""
