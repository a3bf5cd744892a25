"""The pages of operators of the platform."""
