"""The booking settings of a business."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, select, update

from db.businesses.tables import BusinessSettings
from db.catalogue.policies import PolicyStore
from db.catalogue.resources import ResourceStore
from db.catalogue.tables import CancellationPolicy
from db.engine.store import Store
from db.scheduling.calendars.change import CalendarStore
from domain.catalogue.table_joins import check_joins
from domain.errors import InvalidInput, NotFound

_TABLE = cast(Table, BusinessSettings.__table__)


@dataclass(frozen=True, slots=True)
class SettingsRow:
    """The settings of one business."""

    business_id: UUID
    slot_interval_minutes: int
    start_grid: str
    hold_for: timedelta
    approval_within: timedelta
    lead_time: timedelta
    booking_window: timedelta
    approval_mode: str
    guest_booking: bool
    asks_kana: str
    address_proof_within: timedelta
    phone_proof_within: timedelta
    provisional_for: timedelta
    unproven_holds: int
    reminder_offsets: list[timedelta]
    no_show_grace: timedelta
    undo_within: timedelta
    konbini_days: int
    without_card: str
    auto_complete: bool
    send_dispute_evidence: bool
    waitlist_offer_for: timedelta
    payment_mode: str
    language: str
    feeds_name_customers: bool
    staff_change_notice: str
    messages_name_staff: bool
    review_request_days: int | None
    table_joins: list[dict[str, Any]]
    updated_at: datetime
    #: The policy of services without their own.
    default_policy_id: UUID | None


_DEFAULT_POLICY = (
    select(CancellationPolicy.id)
    .where(
        CancellationPolicy.business_id == _TABLE.c.business_id,
        CancellationPolicy.is_default,
        CancellationPolicy.deleted_at.is_(None),
    )
    .correlate(_TABLE)
    .scalar_subquery()
    .label("default_policy_id")
)
_COLUMNS = [
    *(_TABLE.c[field.name] for field in fields(SettingsRow) if field.name != "default_policy_id"),
    _DEFAULT_POLICY,
]


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
        """Set columns, and ``default_policy_id`` as the default policy. They apply to new bookings only. Raises
        NotFound, and InvalidInput for a policy of another business and for joins of what are no tables."""
        columns = dict(values)
        policy_id = columns.pop("default_policy_id", None)
        if policy_id is not None:
            await self._set_default_policy(business_id, policy_id)
        if "table_joins" in columns:
            # A booking that has read the earlier joins is decided again.
            await CalendarStore(self.session, self.context).lock(business_id)
        if columns.get("table_joins"):
            tables = await ResourceStore(self.session, self.context).tables_of(business_id)
            check_joins([one["resource_ids"] for one in columns["table_joins"]], tables)
        if columns:
            await self.session.execute(update(_TABLE).where(_TABLE.c.business_id == business_id).values(**columns))
        return await self.get_settings(business_id)

    async def _set_default_policy(self, business_id: UUID, policy_id: UUID) -> None:
        policies = PolicyStore(self.session, self.context)
        try:
            if (await policies.get_policy(policy_id)).business_id != business_id:
                raise NotFound
        except NotFound as error:
            raise InvalidInput.at("default_policy_id", "unknown") from error
        await policies.change_policy(business_id, policy_id, {"is_default": True})
