"""The messages of a dispute's workflow."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

WORKFLOW = "dispute"


@dataclass(frozen=True)
class DisputeInput:
    """The row in ``payment_disputes`` exists already. ``due_at``: the provider takes evidence until then, aware UTC;
    None if it takes none."""

    dispute_id: UUID
    business_id: UUID
    booking_id: UUID
    due_at: datetime | None = None
