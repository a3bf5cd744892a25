"""Inputs and signals of the run of a waitlist."""

from dataclasses import dataclass
from uuid import UUID

WORKFLOW = "waitlist"

# Signals.
TIME_FREED = "time_freed"


@dataclass(frozen=True)
class WaitlistInput:
    """The business of the waitlist. Entries, offers and free time are in Postgres; the run only has the time of its
    next turn."""

    business_id: UUID


@dataclass(frozen=True)
class TimeFreedInput:
    """Time may be free, a person joined, or an entry is at its end: take another turn."""
