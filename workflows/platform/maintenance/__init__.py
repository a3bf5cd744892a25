"""What the platform does for itself by the clock."""
