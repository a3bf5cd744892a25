"""What becomes of a file that came in: what is shown of it, and nothing else, stays in the storage."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from temporalio import activity

from activities.inspection.results import InspectionResult, Rejected
from activities.inspection.subprocess import inspect_in_subprocess
from db.engine.session import Database, Scope
from db.media.media import MediaRow, Seen
from domain.errors import NotFound
from domain.media.files import SHOWN, UPLOADS, FileType, shown_key
from domain.media.status import MediaStatus, Rejection
from providers.storage.interface import ObjectMissing, ObjectTooLarge, Storage, Stored

#: Removed media can be restored for so long.
KEEP_REMOVED = timedelta(days=30)
#: An upload that nobody finished, and a file that nothing points to, are kept for so long.
KEEP_LOOSE = timedelta(hours=24)
#: Rows or objects of one step of a sweep.
BATCH = 200
#: Files that are looked into at once, in one worker; each may take more than a gigabyte.
AT_ONCE = 1


@dataclass(frozen=True)
class MediaInspectionInput:
    """A row of ``business_media``."""

    media_id: UUID
    business_id: UUID


@dataclass(frozen=True)
class MediaSweepInput:
    """Everything that has had its time."""


class MediaActivities:
    """``most`` is the largest file, in bytes; ``now`` gives aware UTC time."""

    def __init__(self, database: Database, storage: Storage, most: int, now: Callable[[], datetime]) -> None:
        self._database = database
        self._storage = storage
        self._most = most
        self._now = now
        self._turn = asyncio.Semaphore(AT_ONCE)

    @activity.defn(name="media.look")
    async def look(self, asked: MediaInspectionInput) -> MediaStatus:
        """Make what is shown of the file, or say why nothing is; returns its status. The uploaded file is removed then.

        Safe to repeat: what is shown has its keys by the row's id, and a row that is settled stays as it is.
        Retryable: ``ProviderUnavailable``, ``unavailable``.
        """
        async with self._database.unit_of_work(Scope.tenant(asked.business_id)) as work:
            try:
                media = await work.media.get_media(asked.media_id)
            except NotFound:  # removed meanwhile: it is inspected all the same, so that it can be restored
                media = await work.media.get_media(asked.media_id, deleted=True)
        if media.status != MediaStatus.PROCESSING:
            return MediaStatus(media.status)
        try:
            outcome: Seen | Rejection = await self._make(media)
        except Rejected as error:
            outcome = error.reason
        async with self._database.unit_of_work(Scope.tenant(asked.business_id)) as work:
            media = await work.media.settle(asked.media_id, outcome)
        await self._storage.delete(media.upload_key)
        return MediaStatus(media.status)

    @activity.defn(name="media.give_up")
    async def give_up(self, asked: MediaInspectionInput) -> MediaStatus:
        """The time for the inspection is over: rejected, unless it was settled meanwhile. Returns its status."""
        async with self._database.unit_of_work(Scope.tenant(asked.business_id)) as work:
            media = await work.media.settle(asked.media_id, Rejection.NOT_PROCESSED)
        return MediaStatus(media.status)

    @activity.defn(name="media.sweep")
    async def sweep(self, _: MediaSweepInput) -> int:
        """Remove for good what was removed long ago, uploads that never ended, and files that nothing points to;
        gives how many rows and files of the last kind went."""
        removed = await self._sweep_rows() + await self._sweep_objects(UPLOADS, self._loose_uploads)
        return removed + await self._sweep_objects(SHOWN, self._loose_shown)

    async def _make(self, media: MediaRow) -> Seen:
        try:
            content = await self._storage.read(media.upload_key, self._most)
        except ObjectMissing:
            raise Rejected(Rejection.MISSING) from None
        except ObjectTooLarge:
            raise Rejected(Rejection.TOO_LARGE) from None
        async with self._turn:
            looked = await inspect_in_subprocess(content, FileType(media.content_type))
        for one in looked.shown:
            await self._storage.put(shown_key(media.business_id, media.id, one.name), one.content, one.content_type)
        return _seen(media, content, looked)

    async def _sweep_rows(self) -> int:
        removed = 0
        now = self._now()
        while True:
            async with self._database.unit_of_work(Scope.platform()) as work:
                rows = [
                    *await work.media.list_removed(now - KEEP_REMOVED, BATCH),
                    *await work.media.list_abandoned(now - KEEP_LOOSE, BATCH),
                ]
            for row in rows:
                # Files first: a row that is left over leads back to them, a file leads nowhere.
                for key in (row.upload_key, *(one["key"] for one in row.variants.values())):
                    await self._storage.delete(key)
                async with self._database.unit_of_work(Scope.platform()) as work:
                    await work.media.forget(row.id)
                activity.heartbeat()
            removed += len(rows)
            if not rows:
                return removed

    async def _sweep_objects(self, prefix: str, loose: Callable[[list[str]], Awaitable[Iterable[str]]]) -> int:
        removed, after = 0, None
        before = self._now() - KEEP_LOOSE
        while True:
            page = await self._storage.list_page(prefix, after, BATCH)
            for key in await loose(_older(page.objects, before)):
                await self._storage.delete(key)
                removed += 1
            activity.heartbeat()
            if page.next is None:
                return removed
            after = page.next

    async def _loose_uploads(self, keys: list[str]) -> Iterable[str]:
        async with self._database.unit_of_work(Scope.platform()) as work:
            return set(keys) - await work.media.awaited_uploads(keys)

    async def _loose_shown(self, keys: list[str]) -> Iterable[str]:
        owners = {key: _owner(key) for key in keys}
        async with self._database.unit_of_work(Scope.platform()) as work:
            known = await work.media.known([owner for owner in owners.values() if owner])
        return [key for key, owner in owners.items() if owner not in known]


def _older(objects: Iterable[Stored], before: datetime) -> list[str]:
    return [one.key for one in objects if one.modified_at < before]


def _owner(key: str) -> UUID | None:
    """The id in a key that `domain.media.files.shown_key` made."""
    try:
        return UUID(key.split("/")[2])
    except (IndexError, ValueError):
        return None


def _seen(media: MediaRow, content: bytes, looked: InspectionResult) -> Seen:
    variants = {
        one.name.partition(".")[0]: {
            "key": shown_key(media.business_id, media.id, one.name),
            "content_type": one.content_type,
            "width": one.width,
            "height": one.height,
        }
        for one in looked.shown
    }
    checksum = hashlib.sha256(content).digest()
    return Seen(len(content), checksum, looked.width, looked.height, looked.duration_ms, variants)
