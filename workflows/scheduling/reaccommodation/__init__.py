"""A booking that the business cannot keep."""
