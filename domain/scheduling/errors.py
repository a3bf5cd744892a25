"""Errors about times: availability and hours."""

from datetime import datetime
from typing import ClassVar, Literal, Required, TypedDict

from domain.error_details import BookingDetails
from domain.errors import Conflict, RuleBroken


class AlternativesDetails(TypedDict, total=False):
    """Why the time is refused, and up to three nearest free starts in the booking window."""

    reason: Literal["closed", "no_start", "nobody_works", "full"]
    alternatives: Required[list[datetime]]
    resource_id: str


class WindowDetails(TypedDict):
    """The first and the last start that can be booked, both included."""

    reason: Literal["too_soon", "too_far"]
    earliest: datetime
    latest: datetime


class NotBookableDetails(TypedDict, total=False):
    """What cannot be booked."""

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
    """The two ranges, and their day if it has a name."""

    day: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "public_holiday"]
    first: Required[HoursDetails]
    second: Required[HoursDetails]


class WouldBreakDetails(TypedDict):
    """``count`` bookings would be stranded; the first of them are listed."""

    count: int
    bookings: list[BookingDetails]


class SlotTaken(Conflict):
    """Everything that the booking needs at the requested time exists, but is taken. ``details``: ``reason`` (``full``)
    and ``alternatives``, up to three nearest free starts in the booking window."""

    code = "slot_taken"
    shape: ClassVar[type] = AlternativesDetails


class OutsideBookingWindow(RuleBroken):
    """The start is in the past, within the lead time, or too far in the future. ``details``: ``reason`` (``too_soon``
    or ``too_far``), ``earliest`` and ``latest``, with the venue's offset."""

    code = "outside_booking_window"
    shape: ClassVar[type] = WindowDetails


class OutsideOpeningHours(RuleBroken):
    """The business is closed at the requested start (``details["reason"]`` ``closed``), or open but no booking of this
    service starts then (``no_start``). ``alternatives`` as in ``SlotTaken``."""

    code = "outside_opening_hours"
    shape: ClassVar[type] = AlternativesDetails


class NobodyWorks(RuleBroken):
    """The business is open, but no required staff member or room works at the requested time. ``details``: ``reason``
    (``nobody_works``) and ``alternatives`` as in ``SlotTaken``."""

    code = "nobody_works"
    shape: ClassVar[type] = AlternativesDetails


class NotBookable(RuleBroken):
    """The business, service or resource cannot be booked now."""

    code = "not_bookable"
    shape: ClassVar[type] = NotBookableDetails


class PartySizeRefused(RuleBroken):
    """The party is smaller or larger than the service allows."""

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
