"""Time that the business keeps free."""

from datetime import datetime
from typing import Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field

from api.http.fields import ChangedRecordRead, Input, Line, Output, examples
from api.http.times import Moment, at_venue
from api.v1.bookings.recurrence_schemas import RecurrenceRead, RecurrenceWrite
from db.bookings.blocks import BlockRequest, BlockRow
from domain.scheduling.recurrence import ONCE

_ID = "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58"
_WEEKLY = {"frequency": "weekly", "interval": 1, "until": None, "count": 12, "monthly_on": None}
_TIME = {"starts_at": "2026-12-01T13:00:00+09:00", "ends_at": "2026-12-01T14:00:00+09:00"}


class BlockUpdate(Input):
    """The first occurrence and how it recurs; left out, once. Each occurrence has the same wall-clock times. At most 31
    days long, and no longer than the step to the next one."""

    model_config = ConfigDict(json_schema_extra=examples({**_TIME, "recurrence": _WEEKLY, "reason": "研修"}))

    starts_at: Moment = Field(description="Beginning of the first occurrence, RFC 3339.")
    ends_at: Moment = Field(description="End of the first occurrence, not included, RFC 3339.")
    recurrence: RecurrenceWrite | None = Field(default=None, description="How it recurs; null for once.")
    reason: Line | None = Field(default=None, description="Reason, shown to the business only.")

    def to_domain(self, resource_id: UUID | None) -> BlockRequest:
        """The request for the store. Raises InvalidInput."""
        recurrence = self.recurrence.to_domain() if self.recurrence else ONCE
        return BlockRequest(resource_id, self.starts_at, self.ends_at, recurrence, self.reason)


class BlockCreate(BlockUpdate):
    """A new block, of one resource or of the whole business."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {"business_id": _ID, "resource_id": _ID, **_TIME, "recurrence": _WEEKLY, "reason": "研修"}
        )
    )

    business_id: UUID = Field(description="Id of the business (UUID).")
    resource_id: UUID | None = Field(
        default=None, description="Person, room or equipment that is blocked (UUID); null for the whole business."
    )


class BlockTimeRead(Output):
    """One occurrence."""

    model_config = ConfigDict(json_schema_extra=examples(_TIME))

    starts_at: datetime = Field(description="Beginning, RFC 3339 with the venue's offset.")
    ends_at: datetime = Field(description="End, not included, RFC 3339 with the venue's offset.")


class BlockRead(ChangedRecordRead):
    """Time that the business keeps free. ``times`` are the occurrences that exist; ``recurrence`` is
    the requested plan."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": _ID,
                "business_id": _ID,
                "resource_id": _ID,
                "times": [_TIME],
                "recurrence": _WEEKLY,
                "reason": "研修",
                "created_at": "2026-11-21T01:30:00Z",
                "updated_at": "2026-11-21T01:30:00Z",
            }
        )
    )

    business_id: UUID = Field(description="Id of the business (UUID).")
    resource_id: UUID | None = Field(description="What is blocked (UUID); null for the whole business.")
    times: list[BlockTimeRead] = Field(description="Occurrences, in order.")
    recurrence: RecurrenceRead | None = Field(description="The requested recurrence; null for once.")
    reason: str | None = Field(description="Reason, shown to the business only; null for none.")

    @classmethod
    def of(cls, row: BlockRow) -> Self:
        """A stored one."""
        zone = ZoneInfo(row.time_zone)
        return cls(
            id=row.id,
            business_id=row.business_id,
            resource_id=row.resource_id,
            times=[
                BlockTimeRead(starts_at=at_venue(time.starts_at, zone), ends_at=at_venue(time.ends_at, zone))
                for time in row.times
            ],
            recurrence=RecurrenceRead.of(row.recurrence) if row.recurrence else None,
            reason=row.reason,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


class BlockRemovedRead(Output):
    """The rest of the block."""

    model_config = ConfigDict(json_schema_extra=examples({"id": _ID, "block": None}))

    id: UUID = Field(description="Id of the block (UUID).")
    block: BlockRead | None = Field(description="The block with the remaining occurrences; null where none remains.")
