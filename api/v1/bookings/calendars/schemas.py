"""The schemas of calendar feeds."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.fields import Input, RecordRead, examples
from db.bookings.feeds import FeedRow

_ID = "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58"
_FEED: dict[str, Any] = {
    "id": _ID,
    "business_id": _ID,
    "resource_id": _ID,
    "rotated_at": None,
    "created_at": "2026-11-21T01:30:00Z",
}


class CalendarFeedCreate(Input):
    """A feed of one person, room or piece of equipment, or of the whole business."""

    model_config = ConfigDict(json_schema_extra=examples({"business_id": _ID, "resource_id": _ID}))

    business_id: UUID = Field(description="Id of the business (UUID).")
    resource_id: UUID | None = Field(
        default=None, description="Whose bookings are shown (UUID); null for those of the whole business."
    )


class CalendarFeedRead(RecordRead):
    """A feed, without its address."""

    model_config = ConfigDict(json_schema_extra=examples(_FEED))

    business_id: UUID = Field(description="Id of the business (UUID).")
    resource_id: UUID | None = Field(description="Whose bookings are shown (UUID); null for the whole business.")
    rotated_at: datetime | None = Field(description="When the address was last changed, RFC 3339; null for never.")

    @classmethod
    def of(cls, row: FeedRow) -> Self:
        """A stored feed."""
        return cls(**_shown(row))


class CalendarFeedAddressRead(CalendarFeedRead):
    """A feed with its address, which is shown this once."""

    model_config = ConfigDict(
        json_schema_extra=examples({**_FEED, "url": "https://book.example/api/v1/calendars/019a….ics"})
    )

    url: str | None = Field(
        description="Address to subscribe to. It opens the feed without a login. Null in a repeated answer."
    )

    @classmethod
    def with_address(cls, row: FeedRow, token: str, public_url: str) -> Self:
        """A feed with its new token."""
        return cls(**_shown(row), url=f"{public_url.rstrip('/')}/api/v1/calendars/{token}.ics")


def _shown(row: FeedRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "business_id": row.business_id,
        "resource_id": row.resource_id,
        "rotated_at": row.rotated_at,
        "created_at": row.created_at,
    }
