"""The messages of a re-accommodation's workflow."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

WORKFLOW = "reaccommodation"

# Signals.
DECIDED = "decided"


@dataclass(frozen=True)
class ReaccommodationInput:
    """The row in ``reaccommodations`` exists already. Times are aware UTC; ``remind_at`` None: no reminder."""

    reaccommodation_id: UUID
    business_id: UUID
    booking_id: UUID
    number: int
    remind_at: datetime | None
    decide_by: datetime


@dataclass(frozen=True)
class DecidedInput:
    """The decision is stored in Postgres; ``status`` is the result."""

    status: str
