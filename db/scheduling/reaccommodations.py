"""Bookings that a change of the calendar stranded: opened with the change, closed with whatever the booking becomes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from db.messages.notices import NoticeStore, QueuedNotice
from db.platform.attention import AttentionStore
from db.platform.outbox import CANCEL_STRANDED, REACCOMMODATION_DECIDED, START_REACCOMMODATION, OutboxStore
from db.scheduling.availability import AvailabilityStore
from domain.errors import DomainError, NotFound
from domain.messages.kinds import NoticeKind
from domain.scheduling.reaccommodation import ReaccommodationStatus, deadlines
from domain.scheduling.stranded import StrandReason, Visit

_COLUMNS = """
    r.id, r.business_id, r.booking_id, r.number, r.status, r.reason, r.start_at, r.remind_at, r.decide_by, r.decided_at,
    r.decided_by, r.created_at, b.code, b.start_at AS booked_at, b.time_zone
"""
_FROM = f"SELECT {_COLUMNS} FROM reaccommodations r JOIN bookings b ON b.id = r.booking_id"
_GET = text(f"{_FROM} WHERE r.id = :id")
_LATEST = text(f"{_FROM} WHERE r.booking_id = :booking_id ORDER BY r.number DESC LIMIT 1")
_LIST = text(f"""{_FROM}
     WHERE r.business_id = :business_id AND (CAST(:status AS text) IS NULL OR r.status = :status)
       AND (CAST(:after AS uuid) IS NULL OR r.id < :after)
     ORDER BY r.id DESC LIMIT :limit
""").bindparams(bindparam("after", type_=PgUUID), bindparam("status", type_=Text))
_OPEN = text("""
    INSERT INTO reaccommodations (business_id, booking_id, number, reason, start_at, remind_at, decide_by)
    SELECT b.business_id, b.id,
           1 + (SELECT count(*) FROM reaccommodations r WHERE r.booking_id = b.id), :reason, b.start_at, :remind_at,
           :decide_by
      FROM bookings b WHERE b.id = :booking_id
    ON CONFLICT DO NOTHING RETURNING id, number
""")
_OPEN_ONES = text("SELECT booking_id FROM reaccommodations WHERE business_id = :business_id AND status = 'open'")
# A command that changes the booking at this moment decides the offer too.
_KEEP = text("""
    UPDATE reaccommodations SET status = 'kept', decided_at = :now, decided_by = :by
     WHERE id IN (SELECT id FROM reaccommodations WHERE booking_id = ANY(:ids) AND status = 'open'
                     FOR UPDATE SKIP LOCKED)
    RETURNING id
""").bindparams(bindparam("ids", type_=ARRAY(PgUUID(as_uuid=True))))
_END = text("""
    UPDATE reaccommodations SET status = 'ended', decided_at = now(), decided_by = 'system'
     WHERE id = :id AND status = 'open' AND booking_id IN (
           SELECT b.id FROM bookings b
            WHERE b.id = reaccommodations.booking_id AND b.status NOT IN ('pending', 'confirmed'))
""")
_REACHABLE = text("""
    SELECT coalesce(b.email, '') <> '' OR b.user_id IS NOT NULL
      FROM bookings b WHERE b.id = :booking_id
""")
_BOOKED_VISIT = text("""
    SELECT b.start_at, b.party_size,
           (SELECT array_agg(i.service_id ORDER BY i.position) FROM booking_items i WHERE i.booking_id = b.id)
           AS service_ids
      FROM bookings b WHERE b.id = :booking_id
""")


@dataclass(frozen=True, slots=True)
class ReaccommodationRow:
    """One of them, with its booking's ``code``, ``time_zone`` and the time that it has now (``booked_at``)."""

    id: UUID
    business_id: UUID
    booking_id: UUID
    number: int
    status: str
    reason: str
    start_at: datetime
    remind_at: datetime | None
    decide_by: datetime
    decided_at: datetime | None
    decided_by: str | None
    created_at: datetime
    code: str
    booked_at: datetime
    time_zone: str

    @property
    def is_open(self) -> bool:
        """Waits for the customer's answer."""
        return self.status == ReaccommodationStatus.OPEN


class ReaccommodationStore(Store):
    """Offers of another time."""

    async def list_reaccommodations(
        self, business_id: UUID, after: UUID | None, limit: int, status: ReaccommodationStatus | None = None
    ) -> list[ReaccommodationRow]:
        """Newest first."""
        values = {
            "business_id": business_id,
            "after": after,
            "limit": limit,
            "status": status.value if status else None,
        }
        return [ReaccommodationRow(**row._mapping) for row in await self.session.execute(_LIST, values)]

    async def get(self, reaccommodation_id: UUID) -> ReaccommodationRow:
        """One of them. Raises NotFound."""
        row = (await self.session.execute(_GET, {"id": reaccommodation_id})).one_or_none()
        if row is None:
            raise NotFound
        return ReaccommodationRow(**row._mapping)

    async def get_latest(self, booking_id: UUID) -> ReaccommodationRow:
        """The booking's last one. Raises NotFound for a booking that was never stranded."""
        row = (await self.session.execute(_LATEST, {"booking_id": booking_id})).one_or_none()
        if row is None:
            raise NotFound
        return ReaccommodationRow(**row._mapping)

    async def open(self, broken: Sequence[Visit], reason: StrandReason, now: datetime) -> None:
        """Offer another time to each of the bookings; one that is being offered one already stays as it is."""
        for visit in broken:
            times = deadlines(now, visit.start_at)
            values = {
                "booking_id": visit.booking_id,
                "reason": reason.value,
                "remind_at": times.remind_at,
                "decide_by": times.decide_by,
            }
            made = (await self.session.execute(_OPEN, values)).one_or_none()
            if made is not None:
                await self._announce(await self.get(made.id), "reaccommodation.opened", START_REACCOMMODATION)

    async def open_bookings(self, business_id: UUID) -> frozenset[UUID]:
        """The bookings that wait for an answer."""
        return frozenset(await self.session.scalars(_OPEN_ONES, {"business_id": business_id}))

    async def keep(self, bookings: Collection[UUID], now: datetime) -> None:
        """The business can keep these bookings after all."""
        values = {"ids": list(bookings), "now": now, "by": self.context.actor.kind.value}
        for kept_id in list(await self.session.scalars(_KEEP, values)) if bookings else ():
            await self._announce(await self.get(kept_id), "reaccommodation.decided", REACCOMMODATION_DECIDED)

    async def offer(self, reaccommodation_id: UUID, now: datetime) -> ReaccommodationStatus:
        """Promise the offer, with up to three free times near the lost one."""
        row = await self.get(reaccommodation_id)
        if row.is_open:
            if not await self.session.scalar(_REACHABLE, {"booking_id": row.booking_id}):
                await self._file(row)
            await self._queue_notices(row, NoticeKind.REACCOMMODATION_OFFERED, await self.alternatives(row, now))
        return ReaccommodationStatus(row.status)

    async def remind(self, reaccommodation_id: UUID, now: datetime) -> ReaccommodationStatus:
        """Promise the reminder, with the times that are free now."""
        row = await self.get(reaccommodation_id)
        if row.is_open:
            await self._queue_notices(row, NoticeKind.REACCOMMODATION_REMINDER, await self.alternatives(row, now))
        return ReaccommodationStatus(row.status)

    async def give_up(self, reaccommodation_id: UUID) -> ReaccommodationStatus:
        """Have the booking's run cancel it, if it is still without another time when the word arrives."""
        # A hold that lapsed in the meantime was swept without a word to this offer.
        await self.session.execute(_END, {"id": reaccommodation_id})
        row = await self.get(reaccommodation_id)
        if row.is_open:
            await self._announce(row, "reaccommodation.unanswered", CANCEL_STRANDED)
        return ReaccommodationStatus(row.status)

    async def notify(self, reaccommodation_id: UUID) -> ReaccommodationStatus:
        """Queue the notice of the decision: to the business where the booking was moved or cancelled (the customer has
        a notice of that already), to the customer where the booking stays as it is."""
        row = await self.get(reaccommodation_id)
        if row.status in {ReaccommodationStatus.MOVED, ReaccommodationStatus.CANCELLED}:
            await self._queue_notices(row, NoticeKind.REACCOMMODATION_DECIDED, audience="business")
        elif row.status == ReaccommodationStatus.KEPT:
            await self._queue_notices(row, NoticeKind.REACCOMMODATION_DECIDED)
        return ReaccommodationStatus(row.status)

    async def alternatives(self, row: ReaccommodationRow, now: datetime) -> list[datetime]:
        """Up to three free times near the lost one, with any person who is free; none where the service is deleted."""
        visit = (await self.session.execute(_BOOKED_VISIT, {"booking_id": row.booking_id})).one()
        first = visit.start_at.date() - timedelta(days=2)
        last = first + timedelta(days=4)
        availability = AvailabilityStore(self.session, self.context)
        try:
            catalogue = await availability.catalogue(visit.service_ids, first, last)
            question = catalogue.question(first, last, now, visit.party_size)
        except DomainError:
            return []
        return await availability.alternatives(catalogue, question, visit.start_at, now, row.booking_id)

    async def _file(self, row: ReaccommodationRow) -> None:
        await AttentionStore(self.session, self.context).file(
            "rebook",
            f"rebook/{row.booking_id}",
            business_id=row.business_id,
            booking_id=row.booking_id,
            details={"why": row.reason, "start_at": row.start_at.isoformat(), "decide_by": row.decide_by.isoformat()},
        )

    async def _queue_notices(
        self, row: ReaccommodationRow, kind: NoticeKind, times: Sequence[datetime] = (), audience: Any = "customer"
    ) -> None:
        facts: Mapping[str, Any] = {
            "decide_by": row.decide_by.isoformat(),
            "alternatives": [time.isoformat() for time in times],
            "old_start": row.start_at.isoformat(),
            "outcome": row.status,
        }
        key = f"{kind.value}:{row.id}"
        notice = QueuedNotice(kind, row.booking_id, row.business_id, key, facts, audience)
        await NoticeStore(self.session, self.context).queue_many([notice])

    async def _announce(self, row: ReaccommodationRow, event: str, command: str) -> None:
        payload = {
            "reaccommodation_id": row.id,
            "business_id": row.business_id,
            "booking_id": row.booking_id,
            "number": row.number,
            "remind_at": row.remind_at.isoformat() if row.remind_at else None,
            "decide_by": row.decide_by.isoformat(),
            "status": row.status,
        }
        await OutboxStore(self.session, self.context).add(
            event, f"reaccommodation/{row.id}", row.business_id, payload, command
        )
