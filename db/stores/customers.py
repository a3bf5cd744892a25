"""The business's records of people."""

from db.stores.base import Store


class CustomerStore(Store):
    """The business's records of people."""
