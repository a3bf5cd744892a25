"""The history of a booking."""

from typing import Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.fields import RecordRead, examples
from db.bookings.queries import HistoryEntry
from domain.booking_status import BookingStatus


class HistoryRead(RecordRead):
    """One change. ``actor_id`` is only shown to the business."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": "019a0c60-0000-7f40-8c6b-8e0f5a2b4d06",
                "event": "confirmed",
                "from_status": "pending",
                "to_status": "confirmed",
                "actor_kind": "system",
                "actor_id": None,
                "reason": None,
                "created_at": "2026-11-21T01:31:00Z",
            }
        )
    )

    event: str = Field(description="What happened, such as `confirmed`.")
    from_status: BookingStatus | None = Field(description="Status before the change; null for a new booking.")
    to_status: BookingStatus = Field(description="Status after the change.")
    actor_kind: str = Field(description="Who made the change, such as `customer`, `staff`, `system`.")
    actor_id: UUID | None = Field(
        description="User who made the change (UUID); null for guests and the platform, and for readers outside the "
        "business.",
    )
    reason: str | None = Field(description="Reason that was given; null for none.")

    @classmethod
    def of(cls, entry: HistoryEntry, works_here: bool) -> Self:
        """A stored change."""
        return cls(
            id=entry.id,
            event=entry.event,
            from_status=BookingStatus(entry.from_status) if entry.from_status else None,
            to_status=BookingStatus(entry.to_status),
            actor_kind=entry.actor_kind,
            actor_id=entry.actor_id if works_here else None,
            reason=entry.reason,
            created_at=entry.created_at,
        )
