"""What messages look like."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.fields import Input, Output, RecordRead, examples
from db.messages.queries import NoticeRow
from domain.messages.kinds import AccountEmailKind, CodeKind, NoticeKind, NoticeStatus


class NotificationCreate(Input):
    """Which message of which booking its customer is to get once more."""

    model_config = ConfigDict(
        json_schema_extra=examples({"booking_id": "019a0c5f-1c2d-7e30-9b5a-7d9e4f1a3c04", "kind": "booking_confirmed"})
    )

    booking_id: UUID = Field(description="Id of the booking (UUID).")
    kind: NoticeKind = Field(description="Which of its messages; one that fits its present state.")


class NotificationUpdate(Input):
    """Mark it as read; that cannot be undone."""

    model_config = ConfigDict(json_schema_extra=examples({"read": True}))

    read: Literal[True] = Field(description="True marks the notice as read.")


class NotificationRead(RecordRead):
    """One message to one recipient; ``booking_id`` is null for one about no booking. ``facts``: ids, amounts in minor
    units and times that it speaks of.

    ``failure_reason`` is null for everybody but the business.
    """

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": "019a0c63-4c5d-7f70-8a9e-1b3c8d5e7a09",
                "business_id": "019a0c5e-8c00-7b10-9e2d-4a6b1c8d0f01",
                "booking_id": "019a0c5f-1c2d-7e30-9b5a-7d9e4f1a3c04",
                "audience": "customer",
                "kind": "booking_confirmed",
                "channel": "email",
                "language": "ja",
                "status": "delivered",
                "facts": {},
                "failure_reason": None,
                "created_at": "2026-11-21T01:31:00Z",
                "sent_at": "2026-11-21T01:31:01Z",
                "delivered_at": "2026-11-21T01:31:04Z",
                "read_at": None,
            }
        )
    )

    business_id: UUID | None = Field(description="Id of the business (UUID); null for what belongs to the platform.")
    booking_id: UUID | None = Field(description="Id of the booking that this is about (UUID); null for none.")
    audience: str = Field(description="Who reads the notice: the customer or the business.")
    kind: NoticeKind | AccountEmailKind | CodeKind = Field(description="What the notice is about.")
    channel: str = Field(description="How the notice is sent, such as `email`.")
    language: str = Field(description="Language: `ja` or `en`.")
    status: NoticeStatus = Field(
        description="Present status. `dropped`: a rule of the platform kept it back (`failure_reason`)."
    )
    facts: dict[str, Any] = Field(description="What the notice is about: the values that its text was made from.")
    failure_reason: str | None = Field(description="Why it failed or was dropped; null otherwise.")
    sent_at: datetime | None = Field(description="When it was sent, RFC 3339; null until then.")
    delivered_at: datetime | None = Field(
        description="When the recipient's server accepted it, RFC 3339; null until then.",
    )
    read_at: datetime | None = Field(description="When the recipient read it, RFC 3339; null until then.")

    @classmethod
    def of(cls, row: NoticeRow, works_here: bool = False) -> Self:
        """A stored message."""
        return cls(
            id=row.id,
            business_id=row.business_id,
            booking_id=row.booking_id,
            audience=row.audience,
            kind=_kind(row),
            channel=row.channel,
            language=row.language,
            status=NoticeStatus(row.status),
            facts=row.facts,
            failure_reason=row.failure_reason if works_here else None,
            created_at=row.created_at,
            sent_at=row.sent_at,
            delivered_at=row.delivered_at,
            read_at=row.read_at,
        )


class DeliveryWebhookRead(Output):
    """``known``: how many of our messages the events were about."""

    model_config = ConfigDict(json_schema_extra=examples({"known": 2}))

    known: int = Field(description="False when no notice has this message id.")


def _kind(row: NoticeRow) -> NoticeKind | AccountEmailKind | CodeKind:
    if row.booking_id is not None:
        return NoticeKind(row.kind)
    return CodeKind(row.kind) if row.kind in set(CodeKind) else AccountEmailKind(row.kind)
