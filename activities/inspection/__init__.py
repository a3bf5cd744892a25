"""Looking into files that strangers sent. Runs in a process of its own that has no secrets and little memory."""
