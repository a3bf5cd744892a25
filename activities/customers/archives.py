"""The file with everything that a business owns: a zip of one CSV and one JSON file for each table."""

import asyncio
import csv
import io
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, BinaryIO, cast
from uuid import UUID

from pydantic_core import to_json
from temporalio import activity

from activities.platform.files import FileActivities, WrittenFile
from db.customers.archives import TABLES, archive_key
from db.engine.session import Scope, UnitOfWork
from db.platform.files import FileStore
from domain.customers.archives import safe_cell
from domain.platform.files import FileStatus

#: A file up to this many bytes is held in memory.
_IN_MEMORY = 16 * 1024 * 1024


@dataclass(frozen=True)
class ArchiveStepInput:
    """A row of ``business_archives``."""

    archive_id: UUID
    business_id: UUID


class ArchiveActivities(FileActivities):
    """The steps of an archive."""

    def _rows(self, work: UnitOfWork) -> FileStore:
        return work.customers.archives

    @activity.defn(name="archives.write")
    async def write(self, step: ArchiveStepInput) -> datetime | None:
        """Write the file; returns when it is removed. None: somebody in it was erased while it was written. A file that
        is ready is left as it is."""
        scope = Scope.tenant(step.business_id)
        if until := await self._ready_until(scope, step.archive_id):
            return until
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as target:
            with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
                async with self._database.unit_of_work(scope) as work:
                    for table in TABLES:
                        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as whole:
                            await self._write_table(archive, whole, table, work.customers.archives, step.business_id)
            size = target.seek(0, io.SEEK_END)
            target.seek(0)
            file = WrittenFile(cast(BinaryIO, target), size, "application/zip")
            return await self._keep(scope, step.archive_id, archive_key(step.archive_id), file)

    async def _write_table(
        self, archive: zipfile.ZipFile, whole: IO[bytes], table: str, store: Any, business_id: UUID
    ) -> None:
        """The CSV file goes into the archive part by part; the JSON file follows from ``whole``."""
        first = True
        with archive.open(f"{table}.csv", "w", force_zip64=True) as target:
            target.write("\ufeff".encode())
            async for rows in store.read_table(business_id, table):
                await asyncio.to_thread(_write_part, target, whole, rows, first)
                first = False
        whole.write(b"[]" if first else b"\n]")
        whole.seek(0)
        with archive.open(f"{table}.json", "w", force_zip64=True) as target:
            while part := whole.read(1024 * 1024):
                await asyncio.to_thread(target.write, part)

    @activity.defn(name="archives.remove")
    async def remove(self, step: ArchiveStepInput) -> None:
        """The time of the file has ended: delete it, then set the status."""
        key = archive_key(step.archive_id)
        await self._end(Scope.tenant(step.business_id), step.archive_id, FileStatus.EXPIRED, key)

    @activity.defn(name="archives.fail")
    async def fail(self, step: ArchiveStepInput) -> None:
        """The file could not be written, or was not announced as ready: what is there of it is deleted, and the
        business may ask again."""
        key = archive_key(step.archive_id)
        await self._end(Scope.tenant(step.business_id), step.archive_id, FileStatus.FAILED, key)


def _write_part(target: IO[bytes], whole: IO[bytes], rows: Sequence[Mapping[str, Any]], first: bool) -> None:
    """Rows as lines of CSV (RFC 4180) and as elements of a JSON list. All rows of a table have the same keys."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    if first:
        writer.writerow(rows[0])
    writer.writerows([safe_cell(value) for value in row.values()] for row in rows)
    target.write(lines.getvalue().encode())
    separator = b"[\n" if first else b",\n"
    whole.write(separator + b",\n".join(to_json(row) for row in rows))
