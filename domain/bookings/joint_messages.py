"""One message about several bookings that one request moves or cancels. Pure.

Each booking changes in a transaction of its own. The first one queues the message, to be sent a little later; the
others add their booking to it. A request that stops in the middle has a message about what
it did.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.messages.kinds import NoticeKind

#: Messages that name several bookings. A request for approval is answered for each booking, so it has its own message.
JOINT = frozenset({NoticeKind.BOOKING_CHANGED, NoticeKind.BOOKING_CANCELLED})
#: How long bookings are added to a message before it is sent. A request is over long before.
COLLECTED_FOR = timedelta(minutes=1)
_SUMS = ("penalty", "refund", "release")


@dataclass(frozen=True, slots=True)
class ChangedBooking:
    """One booking of the message, as it is after its change. ``version`` counts its moves; ``old_start`` for a move."""

    booking_id: UUID
    start_at: datetime
    end_at: datetime
    version: int
    old_start: datetime | None = None

    def listed(self) -> list[Any]:
        """As it is kept in the facts of the message, under ``series``."""
        old = self.old_start.isoformat() if self.old_start else None
        return [str(self.booking_id), self.start_at.isoformat(), self.end_at.isoformat(), self.version, old]


def joined(message: Mapping[str, Any], more: Mapping[str, Any], booking: ChangedBooking) -> dict[str, Any]:
    """The facts of a message with one more booking, whose own message would have the facts ``more``. ``message`` is
    empty for the first one. Amounts are summed; the bookings are in the order of their new starts."""
    series = [*message.get("series", ()), booking.listed()]
    series.sort(key=lambda one: (datetime.fromisoformat(one[1]), one[0]))
    sums = {name: int(message.get(name) or 0) + int(more[name] or 0) for name in _SUMS if name in more}
    old = {"old_start": series[0][4]} if series[0][4] else {}
    return {**more, **message, **sums, **old, "series": series}


def first_of(facts: Mapping[str, Any]) -> UUID:
    """The booking that such a message is about: the one that begins first."""
    return UUID(facts["series"][0][0])
