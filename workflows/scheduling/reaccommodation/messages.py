"""What can be said to a re-accommodation's workflow."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

WORKFLOW = "reaccommodation"

# Signals.
DECIDED = "decided"


@dataclass(frozen=True)
class ReaccommodationInput:
    """The row in ``reaccommodations`` is there already. Times are aware UTC; ``remind_at`` None: no reminder."""

    reaccommodation_id: UUID
    business_id: UUID
    booking_id: UUID
    number: int
    remind_at: datetime | None
    decide_by: datetime


@dataclass(frozen=True)
class DecidedInput:
    """It is decided in Postgres; ``status`` says how."""

    status: str
