"""The archive of everything that a business owns."""
