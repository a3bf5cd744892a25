"""What the steps of all kinds of files share: a written file is stored and announced, or removed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO
from uuid import UUID

from db.engine.session import Database, Scope, UnitOfWork
from db.platform.files import FileStore
from domain.platform.files import FILE_LASTS, FileStatus
from providers.storage.interface import Storage


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file of ``size`` bytes; ``body`` is read from its present position."""

    body: bytes | BinaryIO
    size: int
    content_type: str


class FileActivities:
    """Base of the activities of one kind of file. ``now`` gives aware UTC time."""

    def __init__(self, database: Database, storage: Storage, now: Callable[[], datetime]) -> None:
        self._database = database
        self._storage = storage
        self._now = now

    def _rows(self, work: UnitOfWork) -> FileStore:
        """The store of this kind."""
        raise NotImplementedError

    async def _ready_until(self, scope: Scope, file_id: UUID) -> datetime | None:
        """Until when a file is kept that was written before, as by a run that Temporal has lost since."""
        async with self._database.unit_of_work(scope) as work:
            return await self._rows(work).ready_until(file_id)

    async def _keep(
        self,
        scope: Scope,
        file_id: UUID,
        key: str,
        file: WrittenFile,
        announce: Callable[[UnitOfWork], Awaitable[None]] | None = None,
    ) -> datetime | None:
        """Store the file, and ``announce`` it in the transaction that makes it ready; returns when it is removed. None:
        nobody wants it any more, and it was removed. A repeat replaces the file."""
        now = self._now()
        await self._storage.put(key, file.body, file.content_type)
        until = (now + FILE_LASTS).replace(microsecond=0)
        async with self._database.unit_of_work(scope) as work:
            is_wanted = await self._rows(work).mark_ready(file_id, file.size, now, until)
            if is_wanted and announce is not None:
                await announce(work)
        if not is_wanted:
            await self._end(scope, file_id, FileStatus.EXPIRED, key)
            return None
        return until

    async def _end(self, scope: Scope, file_id: UUID, status: FileStatus, *keys: str) -> None:
        """Delete what the storage has of the file, then set the status: nobody looks at a row that has ended."""
        for key in keys:
            await self._storage.delete(key)
        async with self._database.unit_of_work(scope) as work:
            await self._rows(work).end(file_id, status)
