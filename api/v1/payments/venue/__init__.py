"""Money that is taken at the venue, and the tills."""
