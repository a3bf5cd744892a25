"""The look of a business's messages."""
