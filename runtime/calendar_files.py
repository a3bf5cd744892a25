"""iCalendar files (RFC 5545): what is attached to messages, and the feeds.

Times are in UTC (``…Z``): a local time would need the rules of its zone in the file, and means two instants in the hour
that a clock repeats. The same UID with a higher SEQUENCE replaces the event of an earlier file.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain.booking_status import BookingStatus
from runtime.starting import deferred

if TYPE_CHECKING:
    import icalendar
else:
    # Few requests need it, and it is a fiftieth of a process's start.
    icalendar = deferred("icalendar")

PRODUCT = "-//Omotenashi Connect//Bookings//JA"

_ENDED = frozenset({BookingStatus.CANCELLED, BookingStatus.DECLINED, BookingStatus.EXPIRED})


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """One VEVENT. ``stamp``: DTSTAMP, aware; ``ends_at`` is not included. ``status``: TENTATIVE, CONFIRMED or
    CANCELLED. ``organizer``: e-mail address and name."""

    uid: str
    sequence: int
    stamp: datetime
    starts_at: datetime
    ends_at: datetime
    summary: str
    status: str = "CONFIRMED"
    description: str = ""
    location: str = ""
    organizer: tuple[str, str] | None = None


def booking_uid(booking_id: UUID) -> str:
    """The UID of a booking, the same in every file."""
    return f"booking-{booking_id}@omotenashi"


def has_ended(status: BookingStatus) -> bool:
    """The booking will not take place: calendars remove it."""
    return status in _ENDED


def certainty(status: BookingStatus) -> str:
    """The STATUS of a booking."""
    if has_ended(status):
        return "CANCELLED"
    return "TENTATIVE" if status is BookingStatus.PENDING else "CONFIRMED"


def sequence(version: int, status: BookingStatus) -> int:
    """The SEQUENCE of a booking: ``version`` counts its reschedules; its end adds one."""
    return version + 1 if has_ended(status) else version


def calendar_file(events: Iterable[CalendarEvent], method: str | None = None, name: str = "") -> bytes:
    """The file. ``method``: the METHOD of a message (RFC 5546), none for a feed; ``name``: the name of the
    calendar for subscribers."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    if method:
        calendar.add("method", method)
    if name:
        calendar.add("name", name)
        calendar.add("x-wr-calname", name)
    for one in events:
        calendar.add_component(_component(one))
    written: bytes = calendar.to_ical()
    return written


def _component(one: CalendarEvent) -> "icalendar.Event":
    event = icalendar.Event()
    event.add("uid", one.uid)
    event.add("sequence", one.sequence)
    event.add("dtstamp", one.stamp.astimezone(UTC))
    event.add("dtstart", one.starts_at.astimezone(UTC))
    event.add("dtend", one.ends_at.astimezone(UTC))
    event.add("summary", one.summary)
    if one.description:
        event.add("description", one.description)
    event.add("status", one.status)
    event.add("transp", "TRANSPARENT" if one.status == "CANCELLED" else "OPAQUE")
    if one.location:
        event.add("location", one.location)
    if one.organizer:
        address, called = one.organizer
        organizer = icalendar.vCalAddress(f"mailto:{address}")
        organizer.params["cn"] = called
        event.add("organizer", organizer)
    return event
