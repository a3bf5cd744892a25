"""The file of an export of figures: written page by page, announced by e-mail, removed."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from uuid import UUID

from temporalio import activity

from activities.platform.files import FileActivities, WrittenFile
from activities.support.heartbeats import heartbeats
from db.analytics.exports import AnalyticsExportRow, export_key, page_key, pages_prefix
from db.engine.session import Scope, UnitOfWork
from db.messages.notices import AccountEmail
from db.platform.files import FileStore
from domain.analytics.exports import ExportFormat
from domain.messages.kinds import AccountEmailKind
from domain.platform.files import FILE_LASTS, FileStatus
from runtime.starting import deferred, loaded

if TYPE_CHECKING:
    from analytics import export as figures
else:
    # It loads Polars.
    figures = deferred("analytics.export")

#: Business days that are read and stored at once.
PAGE = 10_000
#: A page is a few hundred kilobytes.
_FETCHED_WITHIN = timedelta(minutes=5)
_PARQUET = "application/vnd.apache.parquet"
_TYPES = {ExportFormat.CSV: "text/csv; charset=utf-8", ExportFormat.PARQUET: _PARQUET}


@dataclass(frozen=True)
class AnalyticsExportStepInput:
    """A row of ``analytics_exports``. ``business_id`` is None for all businesses."""

    export_id: UUID
    business_id: UUID | None = None


class AnalyticsExportActivities(FileActivities):
    """The steps of an export of figures. ``page``: business days at once."""

    page = PAGE

    def _rows(self, work: UnitOfWork) -> FileStore:
        return work.analytics.exports

    @activity.defn(name="figures.write")
    async def write(self, step: AnalyticsExportStepInput) -> datetime | None:
        """Write the pages, join them into the file and announce it; returns when the file is removed. None: nobody
        wants it any more. The next try goes on after the last page of which this one sent a heartbeat. A file that is
        ready is left as it is."""
        scope = Scope.platform()
        async with self._database.unit_of_work(scope) as work:
            export = await work.analytics.exports.get(step.export_id)
        if export.status is FileStatus.READY:
            return export.expires_at
        if export.status is not FileStatus.QUEUED:
            await self._delete_pages(export.id)
            # As of a try that was ended after it stored the file.
            await self._end(scope, export.id, FileStatus.EXPIRED, *_keys(export.id))
            return None
        await loaded("analytics.export")
        count = await self._write_pages(export)
        async with heartbeats(_position(count, None)):
            until = await self._join(export, count)
            await self._delete_pages(export.id)
        return until

    async def _join(self, export: AnalyticsExportRow, count: int) -> datetime | None:
        """Make the file from its pages and announce it; until when it is kept, or None as `_keep`."""
        loop = asyncio.get_running_loop()
        with TemporaryDirectory(prefix="figures-") as folder:

            def fetched() -> Iterator[Path]:
                """The pages as they are asked for, by the thread that writes the file."""
                for number in range(count):
                    fetching = asyncio.run_coroutine_threadsafe(self._fetch(export.id, number, Path(folder)), loop)
                    yield fetching.result(_FETCHED_WITHIN.total_seconds())

            whole = Path(folder) / "whole"
            await asyncio.to_thread(figures.join_pages, fetched(), whole, export.format)
            size = whole.stat().st_size
            with whole.open("rb") as body:
                file = WrittenFile(body, size, _TYPES[export.format])
                key = export_key(export.id, export.format)
                return await self._keep(
                    Scope.platform(), export.id, key, file, lambda work: _announce(work, export, self._now())
                )

    async def _write_pages(self, export: AnalyticsExportRow) -> int:
        """Store the rest of the pages; returns how many there are."""
        number, after, is_last = _progress(activity.info().heartbeat_details)
        scope = Scope.platform() if export.business_id is None else Scope.tenant(export.business_id)
        while not is_last:
            # Before the first page there is no position to go on from.
            async with heartbeats(_position(number, after) if after else ()):
                async with self._database.unit_of_work(scope) as work:
                    rows = await work.analytics.exports.read_page(export, after, self.page)
                if not rows:
                    break
                body = await asyncio.to_thread(figures.page_of, [dict(row._mapping) for row in rows])
                await self._storage.put(page_key(export.id, number), body, _PARQUET)
            number, after = number + 1, (rows[-1].day, rows[-1].business_id)
            activity.heartbeat(*_position(number, after))
        return number

    async def _fetch(self, export_id: UUID, number: int, folder: Path) -> Path:
        """A page as a local file."""
        path = folder / f"{number:06}.parquet"
        async with self._storage.get(page_key(export_id, number)) as download:
            with path.open("wb") as target:
                async for chunk in download.chunks:
                    target.write(chunk)
        return path

    async def _delete_pages(self, export_id: UUID) -> None:
        after: str | None = None
        while True:
            page = await self._storage.list_page(pages_prefix(export_id), after)
            for stored in page.objects:
                await self._storage.delete(stored.key)
            if page.next is None:
                return
            after = page.next

    @activity.defn(name="figures.remove")
    async def remove(self, step: AnalyticsExportStepInput) -> None:
        """The time of the file has ended: delete it, then set the status."""
        await self._delete_pages(step.export_id)
        await self._end(Scope.platform(), step.export_id, FileStatus.EXPIRED, *_keys(step.export_id))

    @activity.defn(name="figures.fail")
    async def fail(self, step: AnalyticsExportStepInput) -> None:
        """The file could not be written, or was not announced as ready: what is there of it is deleted, and the person
        may ask again."""
        await self._delete_pages(step.export_id)
        await self._end(Scope.platform(), step.export_id, FileStatus.FAILED, *_keys(step.export_id))


def _keys(export_id: UUID) -> list[str]:
    return [export_key(export_id, format_) for format_ in ExportFormat]


async def _announce(work: UnitOfWork, export: AnalyticsExportRow, now: datetime) -> None:
    email = AccountEmail(
        AccountEmailKind.ANALYTICS_EXPORT_READY,
        export.requested_by,
        f"analytics_export_ready:{export.id}",
        {"until": (now + FILE_LASTS).replace(microsecond=0).isoformat()},
        export.business_id,
    )
    await work.messages.notices.queue_account_email(email)


def _position(number: int, after: tuple[date, UUID] | None) -> tuple[int, str, str]:
    """The details of a heartbeat: pages that are stored, and day and business of the last row; empty after the last
    page."""
    return (number, after[0].isoformat(), str(after[1])) if after else (number, "", "")


def _progress(details: Sequence[str | int]) -> tuple[int, tuple[date, UUID] | None, bool]:
    """What `_position` said, and whether all pages are stored."""
    if len(details) != 3:
        return 0, None, False
    number, day, business_id = int(details[0]), str(details[1]), str(details[2])
    if not day:
        return number, None, True
    return number, (date.fromisoformat(day), UUID(business_id)), False
