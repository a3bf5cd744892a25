"""The reset of a second factor by an operator."""
