"""What the platform is doing now."""
