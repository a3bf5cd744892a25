"""Reviews, their moderation and their statistics."""
