"""Feature flags: the admins' side, and who has a feature."""
