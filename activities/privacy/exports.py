"""The file of a data export: written, announced by e-mail, removed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic_core import to_json
from temporalio import activity

from db.engine.session import Database, Scope
from db.messages.notices import AccountEmail
from db.privacy.exports import object_key
from domain.messages.kinds import AccountEmailKind
from domain.privacy.status import EXPORT_LASTS, ExportStatus
from providers.storage.interface import Storage

#: Version of the file format; increased by a change that breaks readers.
FORMAT = 1


@dataclass(frozen=True)
class ExportStepInput:
    """A row of ``data_exports`` and its user."""

    export_id: UUID
    user_id: UUID


class ExportActivities:
    """``now`` gives aware UTC time."""

    def __init__(self, database: Database, storage: Storage, now: Callable[[], datetime]) -> None:
        self._database = database
        self._storage = storage
        self._now = now

    @activity.defn(name="exports.write")
    async def write(self, export: ExportStepInput) -> datetime | None:
        """Collect the data, store the file and announce it; returns when the file is removed. None: the person has
        asked for erasure in the meantime, and the file was removed. A repeat writes the same file and announces it
        once."""
        now = self._now()
        async with self._database.unit_of_work(Scope.platform()) as work:
            sections = await work.privacy.exports.collect(export.user_id)
        body = to_json({"format": FORMAT, "exported_at": now, **sections}, indent=2)
        await self._storage.put(object_key(export.export_id), body, "application/json")
        until = (now + EXPORT_LASTS).replace(microsecond=0)
        async with self._database.unit_of_work(Scope.platform()) as work:
            wanted = await work.privacy.exports.mark_ready(export.export_id, len(body), now, until)
            if wanted:
                facts = {"export_id": export.export_id}
                await work.messages.notices.queue_account_email(
                    AccountEmail(
                        AccountEmailKind.DATA_EXPORT_READY,
                        export.user_id,
                        f"data_export_ready:{export.export_id}",
                        facts,
                    )
                )
        if not wanted:
            await self._storage.delete(object_key(export.export_id))
        return until if wanted else None

    @activity.defn(name="exports.remove")
    async def remove(self, export: ExportStepInput) -> None:
        """The time of the file has ended: delete it, then set the status."""
        await self._storage.delete(object_key(export.export_id))
        await self._end(export, ExportStatus.EXPIRED)

    @activity.defn(name="exports.fail")
    async def fail(self, export: ExportStepInput) -> None:
        """The file could not be written; the person may ask again."""
        await self._end(export, ExportStatus.FAILED)

    async def _end(self, export: ExportStepInput, status: ExportStatus) -> None:
        async with self._database.unit_of_work(Scope.platform()) as work:
            await work.privacy.exports.end(export.export_id, status)
