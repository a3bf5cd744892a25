"""What can be said to the run of a waitlist."""

from dataclasses import dataclass
from uuid import UUID

WORKFLOW = "waitlist"

# Signals.
TIME_FREED = "time_freed"


@dataclass(frozen=True)
class WaitlistInput:
    """Whose waitlist. Entries, offers and free time are in Postgres; the run knows when to look."""

    business_id: UUID


@dataclass(frozen=True)
class TimeFreedInput:
    """Time may be free, somebody joined, or an entry is at its end: look again."""
