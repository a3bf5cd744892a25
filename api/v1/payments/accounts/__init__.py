"""A business's own accounts at payment providers."""
