"""What people asked to be told of themselves, and to be forgotten."""
