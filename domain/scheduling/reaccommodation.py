"""A booking that the business cannot keep: how long the customer may choose another time, and how it ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class ReaccommodationStatus(StrEnum):
    """``OPEN`` waits for an answer. All others are final: another time was chosen; cancelled with a full refund; the
    business can keep the booking after all; the booking had ended."""

    OPEN = "open"
    MOVED = "moved"
    CANCELLED = "cancelled"
    KEPT = "kept"
    ENDED = "ended"


#: Two days are enough to read a message and decide; nobody should learn of a cancellation hours before the visit.
LONGEST = timedelta(hours=48)
BEFORE_START = timedelta(hours=6)
#: The customer has at least this long, unless the visit would begin sooner.
SHORTEST = timedelta(hours=1)
#: The reminder comes this long before the deadline, or half-way if that is too soon after the offer.
REMIND_BEFORE = timedelta(hours=12)
#: With less time there is no reminder.
TOO_SHORT_TO_REMIND = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Aware UTC. ``remind_at`` None: no reminder."""

    remind_at: datetime | None
    decide_by: datetime


def deadlines(now: datetime, start_at: datetime) -> Deadlines:
    """The deadlines of an offer made at ``now``: 48 hours, but at the latest six hours before the lost start; at least
    one hour, and never after the start."""
    at_least = min(now + SHORTEST, start_at)
    decide_by = max(min(now + LONGEST, start_at - BEFORE_START), at_least)
    left = decide_by - now
    if left < TOO_SHORT_TO_REMIND:
        return Deadlines(None, decide_by)
    return Deadlines(max(decide_by - REMIND_BEFORE, now + left / 2), decide_by)
