"""Inspects uploaded media: only the published variants stay in the storage."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from temporalio import activity

from activities.inspection.results import InspectionResult, Rejected
from activities.inspection.subprocess import inspect_in_subprocess
from db.engine.session import Database, Scope
from db.media.media import InspectedMedia, MediaRow
from domain.errors import NotFound
from domain.media.files import SHOWN, UPLOADS, FileType, shown_key
from domain.media.status import MediaStatus, Rejection
from providers.storage.interface import ObjectMissing, ObjectTooLarge, Storage, Stored

#: Removed media can be restored for this long.
KEEP_REMOVED = timedelta(days=30)
#: An upload that was never finished, or a file that no row refers to, is kept for this long.
KEEP_UNREFERENCED = timedelta(hours=24)
#: Rows or objects per step of a sweep.
BATCH = 200
#: Files that one worker inspects at the same time; each may need more than a gigabyte of memory.
CONCURRENT_INSPECTIONS = 1

FindUnreferenced = Callable[[list[str]], Awaitable[Iterable[str]]]


@dataclass(frozen=True)
class MediaInspectionInput:
    """A row of ``business_media``."""

    media_id: UUID
    business_id: UUID


@dataclass(frozen=True)
class MediaSweepInput:
    """No fields: the retention times are constants."""


class MediaActivities:
    """``most`` is the largest file size in bytes; ``now`` gives aware UTC time. ``others``: for each further prefix of
    keys, a function that says which of some keys no row refers to."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        most: int,
        now: Callable[[], datetime],
        others: Mapping[str, FindUnreferenced] = MappingProxyType({}),
    ) -> None:
        self._others = others
        self._database = database
        self._storage = storage
        self._most = most
        self._now = now
        self._slots = asyncio.Semaphore(CONCURRENT_INSPECTIONS)

    @activity.defn(name="media.inspect")
    async def inspect(self, request: MediaInspectionInput) -> MediaStatus:
        """Make the public variants of the file or reject it; returns its status. Then the uploaded file is removed.

        Safe to repeat: the keys of the variants contain the row's id, and a row that is already ready or rejected does
        not change. Retryable: ``ProviderUnavailable``, ``unavailable``.
        """
        async with self._database.unit_of_work(Scope.tenant(request.business_id)) as work:
            try:
                media = await work.media.get_media(request.media_id)
            except NotFound:  # Removed in the meantime: inspect it anyway, so that it can be restored.
                media = await work.media.get_media(request.media_id, deleted=True)
        if media.status != MediaStatus.PROCESSING:
            return MediaStatus(media.status)
        try:
            outcome: InspectedMedia | Rejection = await self._inspect(media)
        except Rejected as error:
            outcome = error.reason
        async with self._database.unit_of_work(Scope.tenant(request.business_id)) as work:
            media = await work.media.settle(request.media_id, outcome)
        await self._storage.delete(media.upload_key)
        return MediaStatus(media.status)

    @activity.defn(name="media.give_up")
    async def give_up(self, request: MediaInspectionInput) -> MediaStatus:
        """The time for the inspection has ended: rejected, unless it was inspected in the meantime. Returns its
        status."""
        async with self._database.unit_of_work(Scope.tenant(request.business_id)) as work:
            media = await work.media.settle(request.media_id, Rejection.NOT_PROCESSED)
        return MediaStatus(media.status)

    @activity.defn(name="media.sweep")
    async def sweep(self, _: MediaSweepInput) -> int:
        """Delete media that was removed long ago, unfinished uploads, and files that no row refers to. Returns how many
        rows and unreferenced files were deleted."""
        removed = await self._sweep_rows()
        swept = {UPLOADS: self._unreferenced_uploads, SHOWN: self._unreferenced_shown, **self._others}
        for prefix, unreferenced in swept.items():
            removed += await self._sweep_objects(prefix, unreferenced)
        return removed

    async def _inspect(self, media: MediaRow) -> InspectedMedia:
        try:
            content = await self._storage.read(media.upload_key, self._most)
        except ObjectMissing:
            raise Rejected(Rejection.MISSING) from None
        except ObjectTooLarge:
            raise Rejected(Rejection.TOO_LARGE) from None
        async with self._slots:
            result = await inspect_in_subprocess(content, FileType(media.content_type))
        for one in result.shown:
            await self._storage.put(shown_key(media.business_id, media.id, one.name), one.content, one.content_type)
        return _inspected(media, content, result)

    async def _sweep_rows(self) -> int:
        removed = 0
        now = self._now()
        while True:
            async with self._database.unit_of_work(Scope.platform()) as work:
                rows = [
                    *await work.media.list_removed(now - KEEP_REMOVED, BATCH),
                    *await work.media.list_abandoned(now - KEEP_UNREFERENCED, BATCH),
                ]
            for row in rows:
                # Files first: a row that is left can be found and tried again, a file without a row cannot.
                for key in (row.upload_key, *(one["key"] for one in row.variants.values())):
                    await self._storage.delete(key)
                async with self._database.unit_of_work(Scope.platform()) as work:
                    await work.media.forget(row.id)
                activity.heartbeat()
            removed += len(rows)
            if not rows:
                return removed

    async def _sweep_objects(self, prefix: str, unreferenced: FindUnreferenced) -> int:
        removed, after = 0, None
        before = self._now() - KEEP_UNREFERENCED
        while True:
            page = await self._storage.list_page(prefix, after, BATCH)
            for key in await unreferenced(_older(page.objects, before)):
                await self._storage.delete(key)
                removed += 1
            activity.heartbeat()
            if page.next is None:
                return removed
            after = page.next

    async def _unreferenced_uploads(self, keys: list[str]) -> Iterable[str]:
        async with self._database.unit_of_work(Scope.platform()) as work:
            return set(keys) - await work.media.awaited_uploads(keys)

    async def _unreferenced_shown(self, keys: list[str]) -> Iterable[str]:
        owners = {key: _owner(key) for key in keys}
        async with self._database.unit_of_work(Scope.platform()) as work:
            known = await work.media.known([owner for owner in owners.values() if owner])
        return [key for key, owner in owners.items() if owner not in known]


def _older(objects: Iterable[Stored], before: datetime) -> list[str]:
    return [one.key for one in objects if one.modified_at < before]


def _owner(key: str) -> UUID | None:
    """The media id in a key that `domain.media.files.shown_key` made."""
    try:
        return UUID(key.split("/")[2])
    except (IndexError, ValueError):
        return None


def _inspected(media: MediaRow, content: bytes, result: InspectionResult) -> InspectedMedia:
    variants = {
        one.name.partition(".")[0]: {
            "key": shown_key(media.business_id, media.id, one.name),
            "content_type": one.content_type,
            "width": one.width,
            "height": one.height,
        }
        for one in result.shown
    }
    checksum = hashlib.sha256(content).digest()
    return InspectedMedia(len(content), checksum, result.width, result.height, result.duration_ms, variants)
