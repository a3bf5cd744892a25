"""What operators see of a message that did not arrive: no address and nothing of its text."""

from typing import Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.fields import RecordRead, examples
from db.messages.queries import NoticeRow
from domain.messages.again import may_retry
from domain.messages.kinds import NoticeStatus

#: A message in one of these has not reached its recipient.
UndeliveredStatus = Literal[NoticeStatus.FAILED, NoticeStatus.BOUNCED, NoticeStatus.DROPPED]


class UndeliveredRead(RecordRead):
    """A message that did not arrive."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": "019a0c63-4c5d-7f70-8a9e-1b3c8d5e7a09",
                "business_id": "019a0c5e-8c00-7b10-9e2d-4a6b1c8d0f01",
                "booking_id": "019a0c5f-1c2d-7e30-9b5a-7d9e4f1a3c04",
                "audience": "customer",
                "kind": "booking_confirmed",
                "channel": "email",
                "status": "failed",
                "failure_reason": "gave_up",
                "can_retry": True,
                "created_at": "2026-11-21T01:31:00Z",
            }
        )
    )

    business_id: UUID | None = Field(description="Id of the business (UUID); null for what belongs to the platform.")
    booking_id: UUID | None = Field(description="Id of the booking that this is about (UUID); null for none.")
    audience: str = Field(description="Who reads the message: the customer or the business.")
    kind: str = Field(description="What the message is about.")
    channel: str = Field(description="How the message is sent, such as `email`.")
    status: NoticeStatus = Field(description="`failed`, `bounced`, or `dropped` by a rule of the platform.")
    failure_reason: str | None = Field(description="Why it did not arrive; null if nobody knows.")
    can_retry: bool = Field(description="Whether it can be sent again; all rules are then asked again.")

    @classmethod
    def of(cls, row: NoticeRow) -> Self:
        """A stored message."""
        status = NoticeStatus(row.status)
        shown = {name: getattr(row, name) for name in cls.model_fields if name not in {"status", "can_retry"}}
        return cls(**shown, status=status, can_retry=may_retry(status, row.channel))
