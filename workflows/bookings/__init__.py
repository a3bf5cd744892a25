"""One booking's life."""
