"""The rows of a file become customers, a page at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from temporalio import activity

from db.engine.session import Database, Scope
from runtime.phone_numbers import read_phone


@dataclass(frozen=True)
class ImportStepInput:
    """A row of ``customer_imports``."""

    import_id: UUID
    business_id: UUID


class CustomerImportActivities:
    """``now`` gives aware UTC time."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    @activity.defn(name="imports.take_page")
    async def take_page(self, step: ImportStepInput) -> int:
        """Decide the next rows, in one transaction; how many there were, 0 at the end. Safe to repeat: a row that is
        decided is not read again."""
        async with self._database.unit_of_work(Scope.tenant(step.business_id)) as work:
            return await work.customers.imports.take_page(step.import_id, self._now(), read_phone)
