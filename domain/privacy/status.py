"""Erasures that a person can ask for."""

from datetime import timedelta

#: Personal data is removed at once; what still links the legally required rows is removed after this time.
ERASURE_DELAY = timedelta(days=30)
