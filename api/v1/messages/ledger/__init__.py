"""What became of a business's messages."""
