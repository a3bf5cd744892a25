"""Recurring bookings: when the bookings of a series take place, which of them a command selects, and their new times.

Each occurrence is a booking of its own. The decisions about one booking (its price, who may move it, the
cancellation fee) are those of every booking; this module has the rules about several of them. Instants are aware UTC.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.booking_status import LIVE, BookingStatus
from domain.bookings.errors import HoldLimit
from domain.errors import InvalidInput, NotFound, RuleBroken
from domain.scheduling.blocks import OccurrenceScope
from domain.scheduling.recurrence import MAX_OCCURRENCES, Recurrence, days, instant

#: Future occurrences of series that one customer may have at one business.
MAX_AHEAD = MAX_OCCURRENCES


class Take(StrEnum):
    """What happens if some occurrences cannot be booked or moved: nothing at all, or those that can be."""

    ALL = "all"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an occurrence was not booked, moved or cancelled: the code and the details of the error."""

    code: str
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One occurrence. ``number`` counts from 1 in the order of the plan, ``planned_at`` is its start by the plan. With
    a booking: its id, status, present time and price (minor units). Without: the refusal."""

    number: int
    planned_at: datetime
    booking_id: UUID | None = None
    status: BookingStatus | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None
    price: int = 0
    refusal: Refusal | None = None

    @property
    def is_live(self) -> bool:
        """It has a booking that is not over."""
        return self.status in LIVE


def planned_starts(recurrence: Recurrence, first: datetime, zone: ZoneInfo) -> list[datetime]:
    """The starts of a series whose first booking starts at ``first``: the same time on the wall clock of ``zone`` on
    each of the days. Raises InvalidInput (`domain.scheduling.recurrence.days`)."""
    local = first.astimezone(zone)
    # The first one is as asked for, also in an hour that the clock shows twice.
    later = [instant(day, local.time(), zone) for day in days(recurrence, local.date())[1:]]
    return [first, *later]


def check_bookable(amount_due: int, must_prove: bool) -> None:
    """Whether bookings on these terms may recur. ``amount_due``: to be paid online for each (minor units);
    ``must_prove``: the address of the customer is not proven. Raises RuleBroken."""
    if amount_due:
        raise RuleBroken({"rule": "series_paid_online"})
    if must_prove:
        raise RuleBroken({"rule": "series_needs_proven_address"})


def check_ahead(ahead: int) -> None:
    """Raise HoldLimit where a customer would have more than 52 occurrences ahead at one business."""
    if ahead > MAX_AHEAD:
        raise HoldLimit({"limit": MAX_AHEAD})


def selected(
    occurrences: Sequence[Occurrence], scope: OccurrenceScope, booking_id: UUID | None, now: datetime
) -> list[Occurrence]:
    """The occurrences that a command selects: of those with a live booking that is still to come, the one of
    ``booking_id``, it and the later ones by the plan, or all. Raises NotFound where the series does not
    have it, and InvalidInput where none is named."""
    ahead = [one for one in occurrences if one.is_live and one.start_at is not None and one.start_at > now]
    if scope is OccurrenceScope.ALL:
        return ahead
    if booking_id is None:
        raise InvalidInput.at("booking_id", "missing")
    chosen = next((one for one in occurrences if one.booking_id is not None and one.booking_id == booking_id), None)
    if chosen is None:
        raise NotFound({"booking_id": str(booking_id)})
    if scope is OccurrenceScope.ONE:
        return [one for one in ahead if one.number == chosen.number]
    return [one for one in ahead if one.number >= chosen.number]


def moved_starts(
    affected: Sequence[Occurrence], chosen: Occurrence, start_at: datetime, zone: ZoneInfo
) -> list[tuple[Occurrence, datetime]]:
    """The new starts of ``affected`` where ``chosen`` moves to ``start_at``: each moves by as many days, to the same
    time on the wall clock. In an order in which none takes the present time of one that has not moved yet."""
    if chosen.start_at is None:
        return []
    was, becomes = chosen.start_at.astimezone(zone), start_at.astimezone(zone)
    by = becomes.date() - was.date()
    found = [
        (
            one,
            start_at
            if one.number == chosen.number
            else instant(one.start_at.astimezone(zone).date() + by, becomes.time(), zone),
        )
        for one in affected
        if one.start_at is not None
    ]
    return sorted(found, key=lambda pair: pair[1], reverse=start_at > chosen.start_at)
