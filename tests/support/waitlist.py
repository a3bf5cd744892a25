"""An entry of the waitlist with an open offer, as rows for tests of what is around it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from db.bookings.tables import ResourceClaim
from db.bookings.waitlist.tables import WaitlistEntry, WaitlistOffer
from db.engine.session import Database
from tests.support.data import Salon, add


async def add_offer(
    pool: Database, salon: Salon, start_at: datetime, expires_at: datetime, **entry: Any
) -> tuple[UUID, UUID]:
    """The ids of the entry and of its offer: an hour of the salon's first person. ``entry``: its columns."""
    end_at = start_at + timedelta(hours=1)
    of = {"business_id": salon.business_id, "service_id": salon.service_id}
    days = {"first_day": start_at.date(), "last_day": start_at.date(), "time_zone": "Asia/Tokyo", "ends_at": start_at}
    waits = {"service_name": {"ja": "カット"}, "status": "offered", "joined_at": start_at - timedelta(days=4)}
    entry_id = await add(pool, WaitlistEntry, **{**of, **days, **waits, "user_id": salon.user_id, **entry})
    held = [salon.resources[0]]
    time = {"start_at": start_at, "end_at": end_at, "expires_at": expires_at, "party_size": 1, "resource_ids": held}
    offer_id = await add(pool, WaitlistOffer, **of, **time, entry_id=entry_id)
    claim = {"resource_id": held[0], "unit": 0, "starts_at": start_at, "ends_at": end_at, "holds_until": expires_at}
    await add(pool, ResourceClaim, business_id=salon.business_id, offer_id=offer_id, **claim)
    assert entry_id is not None
    assert offer_id is not None
    return entry_id, offer_id
