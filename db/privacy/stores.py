"""The stores of data protection."""

from functools import cached_property

from db.engine.store import Store
from db.privacy.erasures import ErasureStore
from db.privacy.exports import ExportStore


class PrivacyStores(Store):
    """Export and erasure of a person's data."""

    @cached_property
    def exports(self) -> ExportStore:
        """Copies of what is held of a person."""
        return ExportStore(self.session, self.context)

    @cached_property
    def erasures(self) -> ErasureStore:
        """People who asked for erasure."""
        return ErasureStore(self.session, self.context)
