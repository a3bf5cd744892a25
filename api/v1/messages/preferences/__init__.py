"""Which messages people want, and what they have consented to."""
