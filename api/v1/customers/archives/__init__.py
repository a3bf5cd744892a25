"""Archives of everything that a business owns."""
