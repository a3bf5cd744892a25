"""Pictures and films of a business: uploads, the results of their inspection, and their order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, func, insert, null, select, text, tuple_, update

from db.engine.store import Store
from db.media.tables import BusinessMedia
from db.platform.outbox import START_MEDIA, OutboxStore
from domain.errors import InvalidInput, NotFound, WrongState
from domain.media.files import MEDIA, FileType
from domain.media.quotas import Holdings, Quota, check_media
from domain.media.status import MediaStatus, Rejection, check_transition

_TABLE = cast(Table, BusinessMedia.__table__)
# The named ones come first; the others follow in their order.
_REORDER = text("""
    WITH named AS (SELECT id, place FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS n(id, place)),
         placed AS (SELECT m.id, row_number() OVER (ORDER BY n.place NULLS LAST, m.position, m.id) - 1 AS place
                      FROM business_media m LEFT JOIN named n ON n.id = m.id
                     WHERE m.business_id = :business_id AND m.deleted_at IS NULL)
    UPDATE business_media m SET position = p.place FROM placed p WHERE p.id = m.id AND m.position <> p.place
""")
# Changes of one business's order and featured picture run one after the other.
_ONE_BY_ONE = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('media' || CAST(CAST(:business_id AS uuid) AS text), 0))"
)


_HELD = text("""
    SELECT (SELECT count(*) FROM business_media WHERE business_id = b.id) AS files,
           (SELECT CAST(coalesce(sum(size), 0) AS bigint) FROM business_media
             WHERE business_id = b.id AND status <> 'rejected') AS size,
           u.email_verified_at IS NOT NULL AS owner_is_proven
      FROM businesses b JOIN users u ON u.id = b.owner_id WHERE b.id = :business_id
""")


@dataclass(frozen=True, slots=True)
class MediaRow:
    """One picture or film; see `db.media.tables`."""

    id: UUID
    business_id: UUID
    kind: str
    content_type: str
    status: str
    upload_key: str
    size: int | None
    width: int | None
    height: int | None
    duration_ms: int | None
    variants: dict[str, Any]
    rejection: str | None
    captions: dict[str, str] | None
    position: int
    featured: bool
    deleted_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class InspectedMedia:
    """The result of an inspection. ``size`` in bytes, ``checksum`` is the SHA-256; ``variants`` as in the table."""

    size: int
    checksum: bytes
    width: int
    height: int
    duration_ms: int | None
    variants: Mapping[str, Any]


_COLUMNS = [_TABLE.c[field.name] for field in fields(MediaRow)]


class MediaStore(Store):
    """Everything about media except the files themselves."""

    async def list_media(
        self, after: tuple[UUID, int, UUID] | None, limit: int, business_id: UUID | None, hidden: bool, deleted: bool
    ) -> Sequence[MediaRow]:
        """In display order, business by business; ``after`` is business, position and id of the last one seen.
        ``hidden``: include those that are not ready; ``deleted``: only removed ones."""
        key = tuple_(_TABLE.c.business_id, _TABLE.c.position, _TABLE.c.id)
        statement = select(*_COLUMNS).order_by(_TABLE.c.business_id, _TABLE.c.position, _TABLE.c.id).limit(limit)
        gone = _TABLE.c.deleted_at
        statement = statement.where(gone.is_not(None) if deleted else gone.is_(None))
        if business_id is not None:
            statement = statement.where(_TABLE.c.business_id == business_id)
        if not hidden:
            statement = statement.where(_TABLE.c.status == MediaStatus.READY)
        if after is not None:
            statement = statement.where(key > after)
        return [MediaRow(**row._mapping) for row in await self.session.execute(statement)]

    async def get_media(self, media_id: UUID, hidden: bool = True, deleted: bool = False) -> MediaRow:
        """One that is not removed, or one that is. Raises NotFound; unless ``hidden`` also for one that is not
        ready."""
        return await self._get(media_id, hidden, deleted, lock=False)

    async def check_room(self, business_id: UUID, quota: Quota, size: int, new: int = 1) -> None:
        """Raise as `check_media` does. Removed ones count while their files are kept. Others that add wait until this
        transaction ends."""
        await self.session.execute(_ONE_BY_ONE, {"business_id": business_id})
        held = (await self.session.execute(_HELD, {"business_id": business_id})).one()
        check_media(Holdings(**held._mapping), quota, size, new)

    async def add_media(
        self, business_id: UUID, file_type: FileType, upload_key: str, size: int | None = None
    ) -> MediaRow:
        """Added at the end of the order. With ``size`` its file has been uploaded and is inspected next; without it the
        upload is still to come."""
        status = MediaStatus.UPLOADING if size is None else MediaStatus.PROCESSING
        others = _TABLE.alias("others")
        statement = insert(_TABLE).values(
            business_id=business_id,
            kind=MEDIA[file_type].value,
            content_type=file_type.value,
            status=status,
            upload_key=upload_key,
            size=size,
            position=select(func.coalesce(func.max(others.c.position) + 1, 0))
            .where(others.c.business_id == business_id)
            .scalar_subquery(),
        )
        row = (await self.session.execute(statement.returning(*_COLUMNS))).one()
        media = MediaRow(**row._mapping)
        if status is MediaStatus.PROCESSING:
            await self._publish("media.uploaded", media, START_MEDIA)
        return media

    async def finish_upload(self, media_id: UUID, size: int) -> MediaRow:
        """The file was uploaded and is inspected next; a repeat changes nothing. Raises NotFound."""
        media = await self._get(media_id, hidden=True, deleted=False, lock=True)
        if media.status != MediaStatus.UPLOADING:
            return media
        media = await self._move(media, MediaStatus.PROCESSING, size=size)
        await self._publish("media.uploaded", media, START_MEDIA)
        return media

    async def settle(self, media_id: UUID, outcome: InspectedMedia | Rejection) -> MediaRow:
        """Record the result of the inspection. An already inspected one does not change; a removed one is recorded too.
        Raises NotFound."""
        media = await self._get(media_id, hidden=True, deleted=None, lock=True)
        if media.status != MediaStatus.PROCESSING:
            return media
        if isinstance(outcome, Rejection):
            media = await self._move(media, MediaStatus.REJECTED, rejection=outcome)
        else:
            values = {field.name: getattr(outcome, field.name) for field in fields(outcome)}
            media = await self._move(media, MediaStatus.READY, **values)
        await self._publish(f"media.{media.status}", media)
        return media

    async def change_media(self, media_id: UUID, values: Mapping[str, Any]) -> MediaRow:
        """Set captions and ``featured``; a business has one that is featured at most, and it is ready. Raises
        NotFound and WrongState."""
        media = await self._get(media_id, hidden=True, deleted=False, lock=False)
        if values.get("featured"):
            if media.status != MediaStatus.READY:
                raise WrongState({"status": media.status, "wanted": "featured"})
            await self.session.execute(_ONE_BY_ONE, {"business_id": media.business_id})
            others = update(_TABLE).where(_TABLE.c.business_id == media.business_id, _TABLE.c.featured)
            await self.session.execute(others.where(_TABLE.c.id != media_id).values(featured=False))
        if "captions" in values and values["captions"] is None:
            values = {**values, "captions": null()}  # of SQL: JSON has one of its own
        return await self._write(media_id, **values) if values else media

    async def remove_media(self, media_id: UUID, now: datetime) -> None:
        """No longer shown or featured. Its files stay for a while. Raises NotFound."""
        await self._get(media_id, hidden=True, deleted=False, lock=True)
        await self._write(media_id, deleted_at=now, featured=False)

    async def restore_media(self, media_id: UUID) -> MediaRow:
        """Restore it at its former position. Raises NotFound for one that is not removed, or was deleted for good."""
        await self._get(media_id, hidden=True, deleted=True, lock=True)
        return await self._write(media_id, deleted_at=None)

    async def reorder_media(self, business_id: UUID, ids: Sequence[UUID]) -> None:
        """These first, in this order, followed by the others in their order. Raises InvalidInput for one of another
        business."""
        await self.session.execute(_ONE_BY_ONE, {"business_id": business_id})
        known = select(_TABLE.c.id).where(
            _TABLE.c.business_id == business_id, _TABLE.c.id.in_(ids), _TABLE.c.deleted_at.is_(None)
        )
        if set(ids) - set(await self.session.scalars(known)):
            raise InvalidInput.at("ids", "unknown_media")
        await self.session.execute(_REORDER, {"business_id": business_id, "ids": list(ids)})

    async def list_removed(self, before: datetime, limit: int) -> Sequence[MediaRow]:
        """Those removed before then; of every business."""
        statement = select(*_COLUMNS).where(_TABLE.c.deleted_at < before).order_by(_TABLE.c.id).limit(limit)
        return [MediaRow(**row._mapping) for row in await self.session.execute(statement)]

    async def list_abandoned(self, before: datetime, limit: int) -> Sequence[MediaRow]:
        """Unfinished uploads begun before then; of every business."""
        waiting = (_TABLE.c.status == MediaStatus.UPLOADING) & (_TABLE.c.created_at < before)
        statement = select(*_COLUMNS).where(waiting).order_by(_TABLE.c.id).limit(limit)
        return [MediaRow(**row._mapping) for row in await self.session.execute(statement)]

    async def forget(self, media_id: UUID) -> None:
        """Delete the row for good; its files are deleted already. A row that was restored or finished in the meantime
        stays."""
        over = _TABLE.c.deleted_at.is_not(None) | (_TABLE.c.status == MediaStatus.UPLOADING)
        await self.session.execute(_TABLE.delete().where(_TABLE.c.id == media_id, over))

    async def awaited_uploads(self, keys: Sequence[str]) -> set[str]:
        """Those of the keys whose file is expected or still to be inspected."""
        open_ = _TABLE.c.status.in_([MediaStatus.UPLOADING, MediaStatus.PROCESSING])
        return set(await self.session.scalars(select(_TABLE.c.upload_key).where(_TABLE.c.upload_key.in_(keys), open_)))

    async def known(self, ids: Sequence[UUID]) -> set[UUID]:
        """Those of the ids that have a row, also a removed one."""
        return set(await self.session.scalars(select(_TABLE.c.id).where(_TABLE.c.id.in_(ids))))

    async def _get(self, media_id: UUID, hidden: bool, deleted: bool | None, lock: bool) -> MediaRow:
        statement = select(*_COLUMNS).where(_TABLE.c.id == media_id)
        if lock:
            statement = statement.with_for_update()
        row = (await self.session.execute(statement)).one_or_none()
        if row is None or not (hidden or row.status == MediaStatus.READY):
            raise NotFound
        if deleted is not None and deleted != (row.deleted_at is not None):
            raise NotFound
        return MediaRow(**row._mapping)

    async def _move(self, media: MediaRow, wanted: MediaStatus, **values: Any) -> MediaRow:
        check_transition(MediaStatus(media.status), wanted)
        return await self._write(media.id, status=wanted, **values)

    async def _write(self, media_id: UUID, **values: Any) -> MediaRow:
        statement = update(_TABLE).where(_TABLE.c.id == media_id).values(**values).returning(*_COLUMNS)
        return MediaRow(**(await self.session.execute(statement)).one()._mapping)

    async def _publish(self, event: str, media: MediaRow, command: str | None = None) -> None:
        payload = {"media_id": media.id, "business_id": media.business_id}
        await OutboxStore(self.session, self.context).add(
            event, f"media/{media.id}", media.business_id, payload, command
        )
