"""A booking that the business cannot keep: how long the customer may choose another time, and how it ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class ReaccommodationStatus(StrEnum):
    """``OPEN`` waits for an answer. Every other one is the end: another time; cancelled with all money back; the
    business can keep the booking after all; the booking had ended."""

    OPEN = "open"
    MOVED = "moved"
    CANCELLED = "cancelled"
    KEPT = "kept"
    ENDED = "ended"


#: Two days are enough to see a message and think; nobody should learn hours before the visit that it is off.
LONGEST = timedelta(hours=48)
BEFORE_START = timedelta(hours=6)
#: However late the business changes its mind, the customer has this long, unless the visit would begin sooner.
SHORTEST = timedelta(hours=1)
#: A reminder this long before the deadline; where that is too soon after the offer, half-way.
REMIND_BEFORE = timedelta(hours=12)
#: Below this there is no reminder: the offer is fresh.
TOO_SHORT_TO_REMIND = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Aware UTC. ``remind_at`` None: no reminder."""

    remind_at: datetime | None
    decide_by: datetime


def deadlines(now: datetime, start_at: datetime) -> Deadlines:
    """How long an offer made at ``now`` stands: 48 hours, but until six hours before the lost start at the latest; at
    least one hour, and never past the start."""
    at_least = min(now + SHORTEST, start_at)
    decide_by = max(min(now + LONGEST, start_at - BEFORE_START), at_least)
    left = decide_by - now
    if left < TOO_SHORT_TO_REMIND:
        return Deadlines(None, decide_by)
    return Deadlines(max(decide_by - REMIND_BEFORE, now + left / 2), decide_by)
