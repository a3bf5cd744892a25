"""The customers of a business: the rules of their records."""
