"""A booking that the business cannot keep: what its customer reads about it, and what the owner lists."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field

from api.http.fields import Input, RecordRead, examples
from api.http.times import Moment, at_venue
from api.v1.bookings.bookings.schemas import Resources
from db.engine.session import UnitOfWork
from db.scheduling.reaccommodations import ReaccommodationRow
from domain.scheduling.reaccommodation import ReaccommodationStatus
from domain.scheduling.stranded import StrandReason

_ID = "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58"
_EXAMPLE = {
    "id": _ID,
    "booking_id": _ID,
    "code": "A7C9DFHK",
    "status": "open",
    "reason": "hours",
    "lost_start_at": "2026-12-01T14:00:00+09:00",
    "start_at": "2026-12-01T14:00:00+09:00",
    "decide_by": "2026-11-23T10:30:00+09:00",
    "decided_at": None,
    "created_at": "2026-11-21T01:30:00Z",
}


class AcceptTimeCommand(Input):
    """The time that the customer chooses, one of the offered ones or any other that is free."""

    model_config = ConfigDict(json_schema_extra=examples({"start_at": "2026-12-02T14:00:00+09:00"}))

    start_at: Moment
    resource_ids: Resources = ()


class ReaccommodationRead(RecordRead):
    """``lost_start_at``: the time that the business cannot keep; ``start_at``: the one that the booking has now.
    Without an answer by ``decide_by`` the booking is cancelled and everything given back."""

    model_config = ConfigDict(json_schema_extra=examples(_EXAMPLE))

    booking_id: UUID = Field(description="Id of the booking (UUID).")
    code: str = Field(description="The booking's short code, as people read it out.")
    status: ReaccommodationStatus = Field(description="Present status.")
    reason: StrandReason = Field(description="Why the booking lost its time.")
    lost_start_at: datetime = Field(description="The start that the customer lost, RFC 3339 with the venue's offset.")
    start_at: datetime = Field(description="Start, RFC 3339 with the venue's offset.")
    decide_by: datetime = Field(description="Until when the customer may decide, RFC 3339 with the venue's offset.")
    decided_at: datetime | None = Field(description="When it was decided, RFC 3339; null until then.")

    @classmethod
    def of(cls, row: ReaccommodationRow) -> Self:
        """A stored one."""
        return cls(**_shown(row))


class OfferRead(ReaccommodationRead):
    """With up to three free times near the lost one, as of now."""

    model_config = ConfigDict(json_schema_extra=examples({**_EXAMPLE, "alternatives": ["2026-12-01T15:00:00+09:00"]}))

    alternatives: list[datetime] = Field(
        description="Free starts that are offered instead, RFC 3339 with the venue's offset, nearest first.",
    )

    @classmethod
    def with_times(cls, row: ReaccommodationRow, times: Sequence[datetime]) -> Self:
        """A stored one and what is free."""
        return cls(**_shown(row), alternatives=[at_venue(one, ZoneInfo(row.time_zone)) for one in times])


def _shown(row: ReaccommodationRow) -> dict[str, Any]:
    zone = ZoneInfo(row.time_zone)
    return {
        "id": row.id,
        "booking_id": row.booking_id,
        "code": row.code,
        "status": row.status,
        "reason": row.reason,
        "lost_start_at": at_venue(row.start_at, zone),
        "start_at": at_venue(row.booked_at, zone),
        "decide_by": at_venue(row.decide_by, zone),
        "decided_at": row.decided_at,
        "created_at": row.created_at,
    }


async def read_offer(work: UnitOfWork, booking_id: UUID, now: datetime) -> OfferRead:
    """The booking's last offer. Raises NotFound for a booking that was never stranded."""
    row = await work.scheduling.reaccommodations.get_latest(booking_id)
    return OfferRead.with_times(
        row, await work.scheduling.reaccommodations.alternatives(row, now) if row.is_open else ()
    )
