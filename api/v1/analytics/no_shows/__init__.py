"""How likely it is that customers do not come."""
