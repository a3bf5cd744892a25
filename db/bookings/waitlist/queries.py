"""Reading the waitlist: one entry, those of a login, those of a business, and the place of an entry."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Text, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from domain.bookings.waitlist import ACTIVE, Entry, EntryStatus, Wanted, lies_in_times, times_of
from domain.bookings.waitlist_chance import LOOK_BACK, chance, position
from domain.errors import NotFound
from domain.instants import as_utc

_SELECT = """
    SELECT w.id, w.business_id, w.service_id, w.service_name, w.status, w.end_reason, w.first_day, w.last_day,
           w.times, w.resource_ids, w.party_size, w.joined_at, w.proof_deadline, w.ends_at, w.decided_at, w.booking_id,
           w.language, w.created_at, w.family_name, w.given_name, CAST(w.email AS text) AS email, w.phone,
           w.time_zone, o.start_at AS offer_start_at, o.end_at AS offer_end_at, o.expires_at AS offer_expires_at,
           o.resource_ids AS offer_resource_ids
      FROM waitlist w
      LEFT JOIN waitlist_offers o ON o.entry_id = w.id AND o.status = 'open'
"""
_GET = text(f"{_SELECT} WHERE w.id = :id")
_MINE = text(f"""{_SELECT}
     WHERE w.user_id = :user_id AND (CAST(:after AS uuid) IS NULL OR w.id < :after) ORDER BY w.id DESC LIMIT :limit
""").bindparams(bindparam("after", type_=PgUUID(as_uuid=True)))
_OF_BUSINESS = text(f"""{_SELECT}
     WHERE w.business_id = :business_id AND (CAST(:status AS text) IS NULL OR w.status = :status)
       AND (CAST(:service_id AS uuid) IS NULL OR w.service_id = :service_id)
       AND (CAST(:after AS uuid) IS NULL OR w.id > :after) ORDER BY w.id LIMIT :limit
""").bindparams(
    bindparam("after", type_=PgUUID(as_uuid=True)),
    bindparam("service_id", type_=PgUUID(as_uuid=True)),
    bindparam("status", type_=Text),
)
_RIVALS = text("""
    SELECT id, service_id, joined_at, first_day, last_day, times, resource_ids, party_size FROM waitlist
     WHERE business_id = :business_id AND service_id = :service_id AND status IN ('waiting', 'offered')
""")
# Visits of the service that ended before their start: each freed its time.
_FREED = text("""
    SELECT i.start_at, i.end_at FROM bookings b JOIN booking_items i ON i.booking_id = b.id
     WHERE b.business_id = :business_id AND i.service_id = :service_id
       AND b.status IN ('cancelled', 'declined', 'expired') AND i.start_at > :since AND i.start_at <= :now
""")


@dataclass(frozen=True, slots=True)
class OpenOffer:
    """The time that is held for an entry until ``expires_at``."""

    start_at: datetime
    end_at: datetime
    expires_at: datetime
    resource_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry for its readers. Times aware UTC, to be shown in ``time_zone``; the contact is for the business."""

    id: UUID
    business_id: UUID
    service_id: UUID
    service_name: Mapping[str, str]
    status: EntryStatus
    end_reason: str | None
    wanted: Wanted
    joined_at: datetime
    proof_deadline: datetime | None
    ends_at: datetime
    decided_at: datetime | None
    booking_id: UUID | None
    language: str
    created_at: datetime
    family_name: str
    given_name: str
    email: str | None
    phone: str | None
    time_zone: str
    offer: OpenOffer | None

    def entry(self) -> Entry:
        """The facts for the order of the queue."""
        return Entry(self.id, self.service_id, self.joined_at, self.wanted)


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """``position``: 1 is the next. ``chance_percent``: how likely an offer is, None where there are too few data."""

    position: int
    chance_percent: int | None


class WaitlistStore(Store):
    """Reads."""

    async def get(self, entry_id: UUID) -> EntryView:
        """One entry. Raises NotFound."""
        row = (await self.session.execute(_GET, {"id": entry_id})).mappings().one_or_none()
        if row is None:
            raise NotFound({"entry_id": str(entry_id)})
        return _view(row)

    async def list_of_user(self, user_id: UUID, after: UUID | None, limit: int) -> list[EntryView]:
        """Those of one login at every business, newest first."""
        rows = await self.session.execute(_MINE, {"user_id": user_id, "after": after, "limit": limit})
        return [_view(row) for row in rows.mappings()]

    async def list_of_business(
        self, business_id: UUID, status: EntryStatus | None, service_id: UUID | None, after: UUID | None, limit: int
    ) -> list[EntryView]:
        """Those of one business, oldest first."""
        values = {
            "business_id": business_id,
            "status": status.value if status else None,
            "service_id": service_id,
            "after": after,
            "limit": limit,
        }
        return [_view(row) for row in (await self.session.execute(_OF_BUSINESS, values)).mappings()]

    async def place_of(self, view: EntryView, now: datetime) -> QueuePlace | None:
        """The place of an entry among those that compete with it; None for one that waits for no offers."""
        if view.status not in ACTIVE or view.status is EntryStatus.UNPROVEN:
            return None
        asked = {"business_id": view.business_id, "service_id": view.service_id}
        rivals = [_entry(row) for row in (await self.session.execute(_RIVALS, asked)).mappings()]
        place = position(view.entry(), rivals)
        freed = await self.session.execute(_FREED, {**asked, "since": now - LOOK_BACK, "now": now})
        zone = ZoneInfo(view.time_zone)
        fitting = sum(_at_its_times(view.wanted, as_utc(row.start_at), as_utc(row.end_at), zone) for row in freed)
        ahead = (view.wanted.last_day - max(view.wanted.first_day, now.astimezone(zone).date())).days + 1
        return QueuePlace(place, chance(fitting, ahead, place))


def _at_its_times(wanted: Wanted, start_at: datetime, end_at: datetime, zone: ZoneInfo) -> bool:
    """Whether a visit of the past lay in the times of the day that are wanted, on whatever day."""
    day: date = start_at.astimezone(zone).date()
    return lies_in_times(Wanted(day, day, wanted.times), start_at, end_at, zone)


def _view(row: Mapping[Any, Any]) -> EntryView:
    values = {name: row[name] for name in EntryView.__dataclass_fields__ if name not in {"wanted", "offer"}}
    offer = None
    if row["offer_start_at"] is not None:
        times = (row["offer_start_at"], row["offer_end_at"], row["offer_expires_at"])
        offer = OpenOffer(*times, tuple(row["offer_resource_ids"]))
    return EntryView(**{**values, "status": EntryStatus(row["status"])}, wanted=_wanted(row), offer=offer)


def _entry(row: Mapping[Any, Any]) -> Entry:
    return Entry(row["id"], row["service_id"], row["joined_at"], _wanted(row))


def _wanted(row: Mapping[Any, Any]) -> Wanted:
    return Wanted(
        row["first_day"], row["last_day"], times_of(row["times"]), tuple(row["resource_ids"]), row["party_size"]
    )
