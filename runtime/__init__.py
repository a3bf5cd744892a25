"""What a process needs before it can do anything: settings, logging, the connection to Temporal."""
