"""Messages that follow from what a customer did, or did not do."""
