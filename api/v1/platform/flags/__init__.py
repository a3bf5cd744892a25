"""Feature flags: the operators' endpoints, and the check for a login."""
