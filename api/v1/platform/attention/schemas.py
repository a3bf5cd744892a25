"""Schemas of attention items."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.fields import Input, Prose, RecordRead, examples
from db.platform.attention import AttentionItem


class ResolveAttentionCommand(Input):
    """``note``: what was done about it, for later readers."""

    model_config = ConfigDict(json_schema_extra=examples({"note": "Refunded by hand at Stripe, re_1P…"}))

    note: Prose = Field(description="How it was settled.")


class AttentionRead(RecordRead):
    """A problem that a person must solve. ``details``: ids, amounts in minor units and codes; docs/operations.md says
    what to do for each ``kind``."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": "019a0c63-4c5d-7f70-8a9e-1b3c8d5e7a09",
                "business_id": "019a0c5e-8c00-7b10-9e2d-4a6b1c8d0f01",
                "booking_id": "019a0c5f-1c2d-7e30-9b5a-7d9e4f1a3c04",
                "payment_id": None,
                "kind": "refund_failed",
                "details": {"amount": 5500, "reason": "expired_or_canceled_card"},
                "created_at": "2026-11-21T01:31:00Z",
                "resolved_at": None,
                "resolved_by": None,
                "resolution": None,
            }
        )
    )

    business_id: UUID | None = Field(description="Id of the business (UUID); null for what belongs to the platform.")
    booking_id: UUID | None = Field(description="Id of the booking that this is about (UUID); null for none.")
    payment_id: UUID | None = Field(description="Id of the payment that this is about (UUID); null for none.")
    kind: str = Field(description="What needs a person.")
    details: dict[str, Any] = Field(description="Facts for the person who handles it.")
    resolved_at: datetime | None = Field(description="When it was settled, RFC 3339; null until then.")
    resolved_by: UUID | None = Field(description="User who settled it (UUID); null until then.")
    resolution: str | None = Field(description="How it was settled; null until then.")

    @classmethod
    def of(cls, item: AttentionItem) -> Self:
        """A stored item."""
        return cls.model_validate({name: getattr(item, name) for name in cls.model_fields})
