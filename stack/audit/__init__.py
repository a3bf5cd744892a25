"""The auditor: checks the platform's invariants against the rows of the database. It changes nothing."""
