"""Errors about a time: what can be booked when, and hours."""

from datetime import datetime
from typing import ClassVar, Literal, Required, TypedDict

from domain.error_details import BookingDetails
from domain.errors import Conflict, RuleBroken


class AlternativesDetails(TypedDict, total=False):
    """Why the time is refused, and up to three nearest free starts of the booking window."""

    reason: Literal["closed", "no_start", "nobody_works", "full"]
    alternatives: Required[list[datetime]]
    resource_id: str


class WindowDetails(TypedDict):
    """The first and the last start that can be booked, both included."""

    reason: Literal["too_soon", "too_far"]
    earliest: datetime
    latest: datetime


class NotBookableDetails(TypedDict, total=False):
    """What does not take bookings."""

    service_id: str
    resource_id: str
    rule: str


class PartyDetails(TypedDict, total=False):
    """The smallest and the largest party."""

    party_min: int
    party_max: int
    rule: str


class HoursDetails(TypedDict):
    """``HH:MM`` of the business day, up to ``48:00``."""

    opens: str
    closes: str


class OverlappingHoursDetails(TypedDict, total=False):
    """The two ranges, and the day that they are of, where it has a name."""

    day: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "public_holiday"]
    first: Required[HoursDetails]
    second: Required[HoursDetails]


class WouldBreakDetails(TypedDict):
    """``count`` bookings would be stranded; the first of them are listed."""

    count: int
    bookings: list[BookingDetails]


class SlotTaken(Conflict):
    """Everything that the booking needs at the asked time is there, and taken. ``details``: ``reason`` (``full``) and
    ``alternatives``, up to three nearest free starts in the booking window."""

    code = "slot_taken"
    shape: ClassVar[type] = AlternativesDetails


class OutsideBookingWindow(RuleBroken):
    """The start is in the past, inside the lead time, or further away than the business takes bookings.
    ``details``: ``reason`` (``too_soon`` or ``too_far``), ``earliest`` and ``latest``, with the venue's offset."""

    code = "outside_booking_window"
    shape: ClassVar[type] = WindowDetails


class OutsideOpeningHours(RuleBroken):
    """The business is closed at the asked start (``details["reason"]`` ``closed``), or open without bookings of this
    service starting then (``no_start``). ``alternatives`` as in ``SlotTaken``."""

    code = "outside_opening_hours"
    shape: ClassVar[type] = AlternativesDetails


class NobodyWorks(RuleBroken):
    """The business is open, and nobody (or no room) that the service needs works at the asked time, taken or not.
    ``details``: ``reason`` (``nobody_works``) and ``alternatives`` as in ``SlotTaken``."""

    code = "nobody_works"
    shape: ClassVar[type] = AlternativesDetails


class NotBookable(RuleBroken):
    """The business, service or resource does not take bookings now."""

    code = "not_bookable"
    shape: ClassVar[type] = NotBookableDetails


class PartySizeRefused(RuleBroken):
    """The party is smaller or larger than the service takes."""

    code = "party_size_refused"
    shape: ClassVar[type] = PartyDetails


class OverlappingHours(RuleBroken):
    """Two ranges of one day overlap."""

    code = "overlapping_hours"
    shape: ClassVar[type] = OverlappingHoursDetails


class WouldBreakBookings(Conflict):
    """Bookings would not fit any more after the change. ``details["bookings"]`` lists them; repeat with
    ``confirm=true``."""

    code = "would_break_bookings"
    shape: ClassVar[type] = WouldBreakDetails
