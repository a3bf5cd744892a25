"""One module per server: command line, preparation, readiness, first set-up and stop."""
