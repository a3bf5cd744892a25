"""What figures of business days say: rates, and periods that are compared."""
