"""Rules for figures of business days: rates, periods that are compared, and the forecast."""
