"""The business's records of people."""

from db.engine.store import Store


class CustomerStore(Store):
    """The business's records of people."""
