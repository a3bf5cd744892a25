"""The auditor: recounts from the rows what the platform promises, and says what is not so. It changes nothing."""
