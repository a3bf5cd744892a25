"""The re-accommodation of a booking whose time the business cannot keep."""
