"""The stores of customers."""

from functools import cached_property

from db.customers.archives import ArchiveStore
from db.customers.customers import CustomerProfileStore
from db.customers.history import HistoryStore
from db.customers.imports import ImportStore
from db.customers.merging import MergeStore
from db.customers.notes import NoteStore


class CustomerStores(CustomerProfileStore):
    """The records of customers."""

    @cached_property
    def notes(self) -> NoteStore:
        """Notes about customers, and who read those about health."""
        return NoteStore(self.session, self.context)

    @cached_property
    def archives(self) -> ArchiveStore:
        """Files with everything that a business owns."""
        return ArchiveStore(self.session, self.context)

    @cached_property
    def imports(self) -> ImportStore:
        """Customers from files."""
        return ImportStore(self.session, self.context)

    @cached_property
    def merges(self) -> MergeStore:
        """Two records of one person."""
        return MergeStore(self.session, self.context)

    @cached_property
    def history(self) -> HistoryStore:
        """Everything that happened with one customer."""
        return HistoryStore(self.session, self.context)
