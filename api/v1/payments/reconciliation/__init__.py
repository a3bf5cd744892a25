"""What an operator does about differences with providers."""
