"""What availability answers."""

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict

from api.http.fields import BilingualRead, Output, examples

_SERVICE = "019a0c5e-9d11-7a40-8f3e-5b7c2d9e1a02"
_BUSINESS = "019a0c5e-8c00-7b10-9e2d-4a6b1c8d0f01"


class StartRead(Output):
    """``start_at`` with the venue's offset. ``left``: how many bookings like this one still fit there, at least 1."""

    start_at: datetime
    left: int


class AvailabilityRead(Output):
    """Every start at which the service fits, in order. ``slot_interval``: minutes between offered starts."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "service_id": _SERVICE,
                "business_id": _BUSINESS,
                "time_zone": "Asia/Tokyo",
                "slot_interval": 30,
                "duration_minutes": 60,
                "party_size": 1,
                "starts": [
                    {"start_at": "2026-11-24T10:00:00+09:00", "left": 2},
                    {"start_at": "2026-11-24T10:30:00+09:00", "left": 1},
                ],
            }
        )
    )

    service_id: UUID
    business_id: UUID
    time_zone: str
    slot_interval: int
    duration_minutes: int
    party_size: int
    starts: list[StartRead]


class FreeResourceRead(Output):
    """A resource that could serve. One of each ``requirement_group`` is needed."""

    id: UUID
    kind: str
    name: BilingualRead
    requirement_group: int


class FreeResourcesRead(Output):
    """Which resources are free for the whole service at ``start_at``; empty: it does not fit there."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "service_id": _SERVICE,
                "start_at": "2026-11-24T10:00:00+09:00",
                "time_zone": "Asia/Tokyo",
                "resources": [
                    {
                        "id": "019a0c5e-a111-7c20-8a4b-6c8d3e0f2b03",
                        "kind": "staff",
                        "name": {"ja": "花子", "en": "Hanako", "text": "花子"},
                        "requirement_group": 0,
                    }
                ],
            }
        )
    )

    service_id: UUID
    start_at: datetime
    time_zone: str
    resources: list[FreeResourceRead]
