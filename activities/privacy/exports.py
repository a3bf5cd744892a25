"""The file of a data export: written, announced by e-mail, removed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic_core import to_json
from temporalio import activity

from activities.platform.files import FileActivities, WrittenFile
from db.engine.session import Scope, UnitOfWork
from db.messages.notices import AccountEmail
from db.platform.files import FileStore
from db.privacy.exports import object_key
from domain.messages.kinds import AccountEmailKind
from domain.platform.files import FileStatus

#: Version of the file format; increased by a change that breaks readers.
FORMAT = 1


@dataclass(frozen=True)
class ExportStepInput:
    """A row of ``data_exports`` and its user."""

    export_id: UUID
    user_id: UUID


class ExportActivities(FileActivities):
    """The steps of a data export."""

    def _rows(self, work: UnitOfWork) -> FileStore:
        return work.privacy.exports

    @activity.defn(name="exports.write")
    async def write(self, export: ExportStepInput) -> datetime | None:
        """Collect the data, store the file and announce it; returns when the file is removed. None: the person has
        asked for erasure in the meantime, and the file was removed. A file that is ready is left as it is, and is
        announced once."""
        scope = Scope.platform()
        if until := await self._ready_until(scope, export.export_id):
            return until
        now = self._now()
        async with self._database.unit_of_work(scope) as work:
            sections = await work.privacy.exports.collect(export.user_id)
        body = to_json({"format": FORMAT, "exported_at": now, **sections}, indent=2)
        email = AccountEmail(
            AccountEmailKind.DATA_EXPORT_READY,
            export.user_id,
            f"data_export_ready:{export.export_id}",
            {"export_id": export.export_id},
        )

        async def announce(work: UnitOfWork) -> None:
            await work.messages.notices.queue_account_email(email)

        file = WrittenFile(body, len(body), "application/json")
        return await self._keep(scope, export.export_id, object_key(export.export_id), file, announce)

    @activity.defn(name="exports.remove")
    async def remove(self, export: ExportStepInput) -> None:
        """The time of the file has ended: delete it, then set the status."""
        key = object_key(export.export_id)
        await self._end(Scope.platform(), export.export_id, FileStatus.EXPIRED, key)

    @activity.defn(name="exports.fail")
    async def fail(self, export: ExportStepInput) -> None:
        """The file could not be written, or was not announced as ready: what is there of it is deleted, and the person
        may ask again."""
        key = object_key(export.export_id)
        await self._end(Scope.platform(), export.export_id, FileStatus.FAILED, key)
