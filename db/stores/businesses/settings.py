"""How a business takes bookings."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, select, update

from db.models.businesses import BusinessSettings
from db.stores.base import Store
from domain.errors import NotFound

_TABLE = cast(Table, BusinessSettings.__table__)


@dataclass(frozen=True, slots=True)
class SettingsRow:
    """The settings of one business."""

    business_id: UUID
    slot_interval_minutes: int
    hold_for: timedelta
    approval_within: timedelta
    lead_time: timedelta
    booking_window: timedelta
    approval_mode: str
    guest_booking: bool
    reminder_offsets: list[timedelta]
    no_show_grace: timedelta
    auto_complete: bool
    waitlist_offer_for: timedelta
    payment_mode: str
    language: str
    updated_at: datetime


_COLUMNS = [_TABLE.c[field.name] for field in fields(SettingsRow)]


class SettingsStore(Store):
    """Reading and changing settings."""

    async def get_settings(self, business_id: UUID) -> SettingsRow:
        """The settings. Raises NotFound."""
        statement = select(*_COLUMNS).where(_TABLE.c.business_id == business_id)
        row = (await self.session.execute(statement)).one_or_none()
        if row is None:
            raise NotFound
        return SettingsRow(**row._mapping)

    async def change_settings(self, business_id: UUID, values: Mapping[str, Any]) -> SettingsRow:
        """Set columns. They count for new bookings; one that stands keeps what was agreed. Raises NotFound."""
        if not values:
            return await self.get_settings(business_id)
        statement = update(_TABLE).where(_TABLE.c.business_id == business_id).values(**values).returning(*_COLUMNS)
        row = (await self.session.execute(statement)).one_or_none()
        if row is None:
            raise NotFound
        return SettingsRow(**row._mapping)
