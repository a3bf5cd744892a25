"""Blocks: time that the business keeps free. They take claims like bookings, under the same constraint."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Text, bindparam, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.bookings.commands.expire import ExpiryStore
from db.engine.store import Store
from db.platform.outbox import OutboxStore
from db.scheduling.calendars.change import CalendarStore
from db.scheduling.freed_time import note_freed_time
from domain.errors import NotFound
from domain.scheduling.blocks import BlockTime, OccurrenceScope, block_times
from domain.scheduling.recurrence import ONCE, Recurrence
from domain.scheduling.stranded import StrandReason

_RECURRENCE = TypeAdapter(Recurrence)
_COLUMNS = """k.id, k.business_id, k.resource_id, k.starts_at, k.ends_at, k.recurrence, k.reason, k.created_at,
       k.updated_at, b.time_zone,
       (SELECT array_agg(t.starts_at ORDER BY t.starts_at) FROM block_times t WHERE t.block_id = k.id) AS starts,
       (SELECT array_agg(t.ends_at ORDER BY t.starts_at) FROM block_times t WHERE t.block_id = k.id) AS ends"""
_FROM = f"SELECT {_COLUMNS} FROM blocks k JOIN businesses b ON b.id = k.business_id"
_GET = text(f"{_FROM} WHERE k.id = :id")
_LIST = text(f"""{_FROM}
     WHERE k.business_id = :business_id
       AND (CAST(:resource_id AS uuid) IS NULL OR k.resource_id = :resource_id OR k.resource_id IS NULL)
       AND (CAST(:after AS uuid) IS NULL OR k.id > :after)
       AND EXISTS (SELECT FROM block_times t WHERE t.block_id = k.id
                      AND (CAST(:since AS timestamptz) IS NULL OR t.ends_at > :since)
                      AND (CAST(:until AS timestamptz) IS NULL OR t.starts_at < :until))
     ORDER BY k.id LIMIT :limit
""").bindparams(
    bindparam("resource_id", type_=PgUUID),
    bindparam("after", type_=PgUUID),
    bindparam("since", type_=TIMESTAMP(timezone=True)),
    bindparam("until", type_=TIMESTAMP(timezone=True)),
)
_ADD = text("""
    INSERT INTO blocks (business_id, resource_id, starts_at, ends_at, recurrence, reason)
    SELECT b.id, CAST(:resource_id AS uuid), :starts_at, :ends_at, CAST(:recurrence AS jsonb), :reason FROM businesses b
     WHERE b.id = :business_id AND (CAST(:resource_id AS uuid) IS NULL OR EXISTS (
           SELECT FROM resources r WHERE r.id = :resource_id AND r.business_id = b.id AND r.deleted_at IS NULL))
    RETURNING id
""").bindparams(bindparam("resource_id", type_=PgUUID), bindparam("reason", type_=Text))
_SET = text("""
    UPDATE blocks SET starts_at = :starts_at, ends_at = :ends_at, recurrence = CAST(:recurrence AS jsonb),
           reason = :reason WHERE id = :id
""").bindparams(bindparam("reason", type_=Text))
_ADD_TIMES = text("""
    INSERT INTO block_times (id, business_id, block_id, starts_at, ends_at, version)
    SELECT coalesce(x.id, uuidv7()), :business_id, :block_id, x.starts_at, x.ends_at, coalesce(x.version, 0)
      FROM unnest(CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]), CAST(:ids AS uuid[]),
                  CAST(:versions AS int[])) AS x(starts_at, ends_at, id, version)
""")
_FILL = text("SELECT app_fill_block(:block_id, NULL, '-infinity', 'infinity')")
_REMOVE_TIMES = text("""
    DELETE FROM block_times WHERE block_id = :block_id AND starts_at = ANY(:starts) RETURNING id, version, starts_at
""")
# A claim of a remaining time, or of a time that another block takes over, is written again by
# `app_fill_block` and the trigger.
_RELEASE = text("UPDATE resource_claims SET released_at = :now WHERE block_id = :block_id AND released_at IS NULL")
_DROP_CLAIMS = text("DELETE FROM resource_claims WHERE block_id = :block_id")
_REMOVE = text("DELETE FROM blocks WHERE id = :block_id")
_LAPSED = text("""
    SELECT DISTINCT c.booking_id
      FROM resource_claims c
      JOIN unnest(CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[])) AS x(starts_at, ends_at)
        ON c.ends_at > x.starts_at AND c.starts_at < x.ends_at
     WHERE c.business_id = :business_id AND (CAST(:resource_id AS uuid) IS NULL OR c.resource_id = :resource_id)
       AND c.released_at IS NULL AND c.holds_until <= :now AND c.booking_id IS NOT NULL
""").bindparams(bindparam("resource_id", type_=PgUUID))


@dataclass(frozen=True, slots=True)
class BlockRequest:
    """The request for a block: its first occurrence (aware UTC), its recurrence and its reason. ``resource_id`` None:
    the whole business. ``reason`` is free text that only the business's own people may read."""

    resource_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    recurrence: Recurrence = ONCE
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class BlockRow:
    """A stored block. ``times``: the occurrences that exist; ``recurrence`` None: once."""

    id: UUID
    business_id: UUID
    resource_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    recurrence: Recurrence | None
    reason: str | None
    created_at: datetime
    updated_at: datetime
    time_zone: str
    times: tuple[BlockTime, ...]


class BlockStore(Store):
    """Each change lists the bookings that it strands, like every change of a calendar. An outbox event has the time
    that a change has freed."""

    async def list_blocks(
        self,
        business_id: UUID,
        after: UUID | None,
        limit: int,
        resource_id: UUID | None = None,
        since: date | None = None,
        until: date | None = None,
    ) -> list[BlockRow]:
        """In order of creation: the blocks that overlap the business's days ``since`` to ``until``, both included.
        Blocks of the whole business are listed for every resource."""
        zone = await CalendarStore(self.session, self.context).zone(business_id)
        values = {
            "business_id": business_id,
            "resource_id": resource_id,
            "after": after,
            "limit": limit,
            "since": datetime(since.year, since.month, since.day, tzinfo=zone) if since else None,
            "until": datetime(until.year, until.month, until.day, 23, 59, 59, 999999, zone) if until else None,
        }
        return [_row(row._asdict()) for row in await self.session.execute(_LIST, values)]

    async def get_block(self, block_id: UUID) -> BlockRow:
        """One of them. Raises NotFound."""
        row = (await self.session.execute(_GET, {"id": block_id})).one_or_none()
        if row is None:
            raise NotFound
        return _row(row._asdict())

    async def add_block(self, business_id: UUID, request: BlockRequest, now: datetime, confirm: bool) -> BlockRow:
        """Keep the time free from now on. Raises WouldBreakBookings unless ``confirm``, InvalidInput for invalid times,
        and NotFound for a resource of another business."""
        calendars = CalendarStore(self.session, self.context)
        times = block_times(request.starts_at, request.ends_at, request.recurrence, await calendars.zone(business_id))
        async with calendars.changing(business_id, now, confirm, StrandReason.BLOCK):
            values = {"business_id": business_id, "resource_id": request.resource_id, **_values(request)}
            block_id: UUID | None = await self.session.scalar(_ADD, values)
            if block_id is None:
                raise NotFound
            await self._take(business_id, block_id, request.resource_id, times, now)
        await self._announce("added", business_id, block_id, request.resource_id, ())
        return await self.get_block(block_id)

    async def change_block(self, block_id: UUID, request: BlockRequest, now: datetime, confirm: bool) -> BlockRow:
        """Replace all its occurrences; the resource stays. Raises as ``add_block``."""
        was = await self.get_block(block_id)
        calendars = CalendarStore(self.session, self.context)
        times = block_times(
            request.starts_at, request.ends_at, request.recurrence, await calendars.zone(was.business_id)
        )
        async with calendars.changing(was.business_id, now, confirm, StrandReason.BLOCK):
            await self.session.execute(_SET, {"id": block_id, **_values(request)})
            # The occurrences keep their ids by their order, so that calendars see them move.
            known = await self._give_up(was, was.times, now)
            await self._take(was.business_id, block_id, was.resource_id, times, now, known)
        await self._announce("changed", was.business_id, block_id, was.resource_id, was.times)
        return await self.get_block(block_id)

    async def remove_block(
        self, block_id: UUID, scope: OccurrenceScope, from_start: datetime | None, now: datetime
    ) -> BlockRow | None:
        """Free the occurrence that starts at ``from_start``, this one and the following, or all; returns the remaining
        block, or None. Raises NotFound for a start that the block does not have."""
        was = await self.get_block(block_id)
        gone = [time for time in was.times if _is_meant(time, scope, from_start)]
        if not gone:
            raise NotFound
        left = [time for time in was.times if time not in gone]
        calendars = CalendarStore(self.session, self.context)
        # This strands no booking; stranded bookings may be kept again.
        async with calendars.changing(was.business_id, now, True, StrandReason.BLOCK):
            await self._give_up(was, gone, now)
            if left:
                await self.session.execute(_FILL, {"block_id": block_id})
            else:
                await self.session.execute(_DROP_CLAIMS, {"block_id": block_id})
                await self.session.execute(_REMOVE, {"block_id": block_id})
        await self._announce("removed", was.business_id, block_id, was.resource_id, gone)
        return await self.get_block(block_id) if left else None

    async def _take(
        self,
        business_id: UUID,
        block_id: UUID,
        resource_id: UUID | None,
        times: Sequence[BlockTime],
        now: datetime,
        known: Sequence[tuple[UUID, int]] = (),
    ) -> None:
        """``known``: id and version of the times that these replace, in their order."""
        spans = {"starts": [time.starts_at for time in times], "ends": [time.ends_at for time in times]}
        values = {"business_id": business_id, "resource_id": resource_id, "now": now, **spans}
        lapsed = sorted(await self.session.scalars(_LAPSED, values))
        if lapsed:
            await ExpiryStore(self.session, self.context).sweep(lapsed, now)
        kept = known[: len(times)]
        identity = {"ids": [row_id for row_id, _ in kept], "versions": [version + 1 for _, version in kept]}
        await self.session.execute(_ADD_TIMES, {"business_id": business_id, "block_id": block_id, **spans, **identity})
        await self.session.execute(_FILL, {"block_id": block_id})

    async def _give_up(self, was: BlockRow, gone: Sequence[BlockTime], now: datetime) -> list[tuple[UUID, int]]:
        """Remove the block's times before its claims, so that it does not claim them again; another block may. Gives id
        and version of these times, in their order."""
        starts = [time.starts_at for time in gone]
        removed = (await self.session.execute(_REMOVE_TIMES, {"block_id": was.id, "starts": starts})).all()
        await self.session.execute(_RELEASE, {"block_id": was.id, "now": now})
        note_freed_time(self.session, was.business_id, now)
        return [(row.id, row.version) for row in sorted(removed, key=lambda row: row.starts_at)]

    async def _announce(
        self, event: str, business_id: UUID, block_id: UUID, resource_id: UUID | None, freed: Sequence[BlockTime]
    ) -> None:
        payload = {
            "block_id": block_id,
            "business_id": business_id,
            "resource_id": resource_id,
            "freed": [[time.starts_at.isoformat(), time.ends_at.isoformat()] for time in freed],
        }
        outbox = OutboxStore(self.session, self.context)
        await outbox.add(f"block.{event}", f"block/{block_id}", business_id, payload)


def _is_meant(time: BlockTime, scope: OccurrenceScope, from_start: datetime | None) -> bool:
    match scope:
        case OccurrenceScope.ONE:
            return time.starts_at == from_start
        case OccurrenceScope.FOLLOWING:
            return from_start is not None and time.starts_at >= from_start
        case OccurrenceScope.ALL:
            return True


def _values(request: BlockRequest) -> dict[str, Any]:
    recurs = request.recurrence != ONCE
    return {
        "starts_at": request.starts_at,
        "ends_at": request.ends_at,
        "recurrence": orjson.dumps(_RECURRENCE.dump_python(request.recurrence, mode="json")).decode()
        if recurs
        else None,
        "reason": request.reason,
    }


def _row(columns: dict[str, Any]) -> BlockRow:
    times = tuple(map(BlockTime, columns.pop("starts") or (), columns.pop("ends") or ()))
    recurrence = columns.pop("recurrence")
    return BlockRow(
        **columns, times=times, recurrence=_RECURRENCE.validate_python(recurrence, strict=False) if recurrence else None
    )
