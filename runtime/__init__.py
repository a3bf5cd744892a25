"""What every process needs at its start: settings, logging, the connection to Temporal."""
