"""How a business takes bookings. Durations are ISO 8601 (``PT10M``, ``P60D``); whole seconds are read too."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from api.http.fields import Changes, Output, examples
from db.businesses.businesses import SettingsRow
from domain.businesses.status import ApprovalMode
from domain.payments.status import PaymentMode

_PUBLIC = {
    "slot_interval_minutes": 15,
    "hold_for": "PT10M",
    "lead_time": "PT1H",
    "booking_window": "P60D",
    "approval_mode": "instant",
    "guest_booking": True,
    "payment_mode": "at_venue",
    "language": "ja",
}
_WHOLE = {
    **_PUBLIC,
    "approval_within": "P1D",
    "reminder_offsets": ["P1D"],
    "no_show_grace": "PT15M",
    "auto_complete": True,
    "waitlist_offer_for": "PT30M",
    "default_policy_id": "019a0c5e-ac32-7f60-9e33-205d9c704fb2",
}

_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)
Soon = Annotated[timedelta, Field(ge=_SECOND, le=7 * _DAY)]
Lead = Annotated[timedelta, Field(ge=timedelta(), le=365 * _DAY)]
Window = Annotated[timedelta, Field(ge=_SECOND, le=730 * _DAY)]
Offset = Annotated[timedelta, Field(ge=_SECOND, le=60 * _DAY)]


class SettingsUpdate(Changes):
    """What is to be different. It counts for new bookings; one that stands keeps what was agreed."""

    model_config = ConfigDict(json_schema_extra=examples({"lead_time": "PT2H", "reminder_offsets": ["P1D", "PT2H"]}))

    slot_interval_minutes: Annotated[int, Field(ge=1, le=1440)] | None = None
    hold_for: Soon | None = None
    approval_within: Soon | None = None
    lead_time: Lead | None = None
    booking_window: Window | None = None
    approval_mode: ApprovalMode | None = None
    guest_booking: bool | None = None
    reminder_offsets: Annotated[list[Offset], Field(max_length=5)] | None = None
    no_show_grace: Lead | None = None
    auto_complete: bool | None = None
    waitlist_offer_for: Soon | None = None
    payment_mode: PaymentMode | None = None
    language: Literal["ja", "en"] | None = None
    default_policy_id: UUID | None = None

    @model_validator(mode="after")
    def _each_offset_once(self) -> Self:
        offsets = self.reminder_offsets or []
        if len(set(offsets)) < len(offsets):
            raise PydanticCustomError("unique", "each offset once", {"field": "reminder_offsets"})
        return self

    def columns(self) -> dict[str, Any]:
        """The columns that change."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class SettingsRead(Output):
    """The part that everybody sees."""

    model_config = ConfigDict(json_schema_extra=examples(_PUBLIC))

    slot_interval_minutes: int
    hold_for: timedelta
    lead_time: timedelta
    booking_window: timedelta
    approval_mode: ApprovalMode
    guest_booking: bool
    payment_mode: PaymentMode
    language: str

    @classmethod
    def of(cls, row: SettingsRow) -> Self:
        """Stored settings."""
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields})


class OwnSettingsRead(SettingsRead):
    """All of them, for those who work there."""

    model_config = ConfigDict(json_schema_extra=examples({**_WHOLE, "updated_at": "2026-11-21T01:30:00Z"}))

    approval_within: timedelta
    reminder_offsets: list[timedelta]
    no_show_grace: timedelta
    auto_complete: bool
    waitlist_offer_for: timedelta
    default_policy_id: UUID | None
    updated_at: datetime
