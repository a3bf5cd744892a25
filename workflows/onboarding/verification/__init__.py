"""The review of a business by operators."""
