"""Changing a calendar of a business: one change after the other, none under a booking that is being taken, and none
that strands a booking in silence."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Row, text

from db.engine.store import Store
from db.scheduling.calendars.rows import blocks_of, days_of, resource_calendar, week_of
from db.scheduling.freed_time import note_freed_time
from db.scheduling.public_holidays import public_holidays
from db.scheduling.reaccommodations import ReaccommodationStore
from domain.booking_status import BookingStatus
from domain.errors import NotFound
from domain.instants import text_at_venue
from domain.scheduling.availability.model import ClaimPlan
from domain.scheduling.errors import WouldBreakBookings
from domain.scheduling.hours import Calendar
from domain.scheduling.stranded import Calendars, StrandReason, Visit, Workplace, days_around, fitting, stranded

#: A refusal lists this many bookings and counts the rest.
LISTED = 100
#: Bookings that a change can strand: those that have not begun.
_AHEAD = [BookingStatus.PENDING.value, BookingStatus.CONFIRMED.value]

# FOR UPDATE, because a command that takes time holds the row FOR KEY SHARE until it commits (by its guard and by
# foreign keys). Its booking is seen below, and a booking that read the calendar before this change finds another
# version.
_LOCK = text("SELECT 1 FROM businesses WHERE id = :business_id AND deleted_at IS NULL FOR UPDATE")
_BUMP = text("UPDATE businesses SET calendar_version = calendar_version + 1 WHERE id = :business_id")
_READ = text("""
    SELECT b.time_zone, s.has_public_holiday_row, b.calendar_version,
           (SELECT coalesce(jsonb_agg(jsonb_build_array(h.weekday, h.opens, h.closes)), '[]')
              FROM business_hours h WHERE h.business_id = b.id)::text AS hours,
           (SELECT coalesce(jsonb_agg(jsonb_build_array(d.day, d.opens)), '[]') FROM business_holidays d
             WHERE d.business_id = b.id AND d.day BETWEEN :first AND :last)::text AS days,
           (SELECT coalesce(jsonb_agg(jsonb_build_object(
                'id', r.id, 'capacity', r.capacity, 'holiday_row', r.has_public_holiday_row,
                'services', (SELECT coalesce(jsonb_agg(DISTINCT n.service_id), '[]') FROM service_resources n
                              WHERE n.resource_id = r.id),
                'hours', (SELECT jsonb_agg(jsonb_build_array(w.weekday, w.opens, w.closes))
                            FROM staff_working_hours w WHERE w.resource_id = r.id),
                'exceptions', (SELECT jsonb_agg(jsonb_build_array(x.first_day, x.last_day, x.kind, x.ranges)
                                                ORDER BY x.id)
                                 FROM staff_exceptions x
                                WHERE x.resource_id = r.id AND x.first_day <= :last AND x.last_day >= :first),
                'blocked', (SELECT jsonb_agg(jsonb_build_array(t.starts_at, t.ends_at))
                              FROM block_times t JOIN blocks k ON k.id = t.block_id
                             WHERE t.business_id = b.id AND (k.resource_id IS NULL OR k.resource_id = r.id)
                               AND t.ends_at > CAST(:first AS date) - interval '1 day'
                               AND t.starts_at < CAST(:last AS date) + interval '3 days'))), '[]')
              FROM resources r WHERE r.business_id = b.id AND r.is_active AND r.deleted_at IS NULL)::text AS resources
      FROM businesses b JOIN business_settings s ON s.business_id = b.id WHERE b.id = :business_id
""")
_VISITS = """
    SELECT b.id, b.code, i.start_at, i.end_at, i.service_id, c.resource_id, c.unit
      FROM bookings b
      JOIN booking_items i ON i.booking_id = b.id
      JOIN resource_claims c ON c.booking_id = b.id AND c.item_position = i.position AND c.released_at IS NULL
     WHERE {which} AND b.status = ANY(:ahead) AND b.start_at > :now
       AND (b.status <> 'pending' OR b.hold_expires_at > :now)
     ORDER BY b.start_at, b.id
"""
_ITEMS = text("SELECT position, start_at, end_at, service_id FROM booking_items WHERE booking_id = :booking_id")
_ZONE = text("SELECT time_zone FROM businesses WHERE id = :business_id")
_VISITS_OF_BUSINESS = text(_VISITS.format(which="b.business_id = :id"))
_VISITS_OF_BOOKING = text(_VISITS.format(which="b.id = :id"))


@dataclass(frozen=True, slots=True)
class Known:
    """The calendars of a business as the transaction sees them. ``version`` counts their changes."""

    calendars: Calendars
    version: int


class CalendarStore(Store):
    """The calendars of a whole business."""

    async def read(self, business_id: UUID, first: date, last: date) -> Known:
        """As they are on the business days ``first`` to ``last``. Raises NotFound."""
        values = {"business_id": business_id, "first": first, "last": last}
        row = (await self.session.execute(_READ, values)).one_or_none()
        if row is None:
            raise NotFound
        business = Calendar(
            week_of(orjson.loads(row.hours), row.has_public_holiday_row),
            days_of(orjson.loads(row.days)),
            public_holidays(row.time_zone, first, last),
        )
        places = {
            UUID(one["id"]): Workplace(
                one["capacity"],
                resource_calendar(business, one["hours"], one["holiday_row"], one["exceptions"], first, last),
                frozenset(map(UUID, one["services"])),
                blocks_of(one["blocked"] or ()),
            )
            for one in orjson.loads(row.resources)
        }
        return Known(Calendars(ZoneInfo(row.time_zone), business, places), row.calendar_version)

    async def zone(self, business_id: UUID) -> ZoneInfo:
        """The time zone of a business that there is."""
        return ZoneInfo((await self.session.execute(_ZONE, {"business_id": business_id})).scalar_one())

    async def visits(self, business_id: UUID, now: datetime) -> list[Visit]:
        """Every claim of every booking that is still to come."""
        rows = await self.session.execute(_VISITS_OF_BUSINESS, {"id": business_id, "now": now, "ahead": _AHEAD})
        return [Visit(*row) for row in rows]

    async def still_fits(self, business_id: UUID, booking_id: UUID, now: datetime) -> bool:
        """Whether a booking that is still to come lies inside today's calendars, with the claims that it has."""
        rows = await self.session.execute(_VISITS_OF_BOOKING, {"id": booking_id, "now": now, "ahead": _AHEAD})
        visits = [Visit(*row) for row in rows]
        if not visits:
            return False
        known = await self.read(business_id, *days_around(visits))
        return booking_id in fitting(visits, known.calendars)

    async def version_if_open(self, business_id: UUID, booking_id: UUID, claims: Sequence[ClaimPlan]) -> int | None:
        """The version of today's calendars if what the booking had (``claims``, of the past) lies inside them, else
        None."""
        rows = await self.session.execute(_ITEMS, {"booking_id": booking_id})
        items = {row.position: row for row in rows}
        visits = [
            Visit(booking_id, "", item.start_at, item.end_at, item.service_id, claim.resource_id, claim.unit)
            for claim in claims
            if (item := items.get(claim.item_index)) is not None
        ]
        known = await self.read(business_id, *days_around(visits))
        return known.version if fitting(visits, known.calendars) else None

    async def lock(self, business_id: UUID) -> None:
        """Let one change of the calendars follow the other; a booking in progress sees the new version. Raises
        NotFound."""
        if await self.session.scalar(_LOCK, {"business_id": business_id}) is None:
            raise NotFound
        await self.session.execute(_BUMP, {"business_id": business_id})

    @asynccontextmanager
    async def changing(
        self, business_id: UUID, now: datetime, confirm: bool, reason: StrandReason
    ) -> AsyncIterator[None]:
        """Around the statements of one change. Raises WouldBreakBookings for bookings that fitted before and do not
        fit after it, so that the transaction rolls back; with ``confirm`` they are to be re-accommodated."""
        await self.lock(business_id)
        note_freed_time(self.session, business_id, now)
        visits = await self.visits(business_id, now)
        days = days_around(visits) if visits else None
        before = await self.read(business_id, *days) if days else None
        yield
        if days is None or before is None:
            return
        after = await self.read(business_id, *days)
        # Read again: the change may have given a booking to another person.
        claimed = await self.visits(business_id, now)
        broken = stranded(claimed, before.calendars, after.calendars)
        if broken and not confirm:
            raise would_break(broken, before.calendars.zone)
        offers = ReaccommodationStore(self.session, self.context)
        await offers.open(broken, reason, now)
        waiting = await offers.open_bookings(business_id)
        if waiting:
            await offers.keep(waiting & fitting(claimed, after.calendars), now)


def would_break(visits: Sequence[Visit] | Sequence[Row[Any]], zone: ZoneInfo | str) -> WouldBreakBookings:
    """The refusal that lists them, with times in the venue's ``zone``; of rows: ``booking_id``, ``code``, ``start_at``,
    ``end_at``."""
    return WouldBreakBookings({"count": len(visits), "bookings": [_shown(visit, zone) for visit in visits[:LISTED]]})


def _shown(visit: Visit | Row[Any], zone: ZoneInfo | str) -> Mapping[str, Any]:
    return {
        "id": str(visit.booking_id),
        "code": visit.code,
        "start_at": text_at_venue(visit.start_at, zone),
        "end_at": text_at_venue(visit.end_at, zone),
    }
