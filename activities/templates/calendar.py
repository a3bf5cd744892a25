"""A booking as an iCalendar file (RFC 5545) for the customer's own calendar.

It is published, not an invitation, so no reply is asked for. A file with the same UID and a higher SEQUENCE replaces an
earlier one. Times are in UTC (``…Z``): a local time would need its time zone rules in the file, and is ambiguous in the
hour that a clock change repeats.
"""

from datetime import UTC, datetime

from icalendar import Calendar, Event, vCalAddress

from activities.templates.words import one_line, pick
from db.messages.notices import NoticeContent
from domain.booking_status import BookingStatus

PRODUCT = "-//Omotenashi Connect//Bookings//JA"

_ENDED = frozenset({BookingStatus.CANCELLED, BookingStatus.DECLINED, BookingStatus.EXPIRED})


def calendar_file(content: NoticeContent, place: str, notes: str, now: datetime) -> bytes:
    """The booking at its present time. ``place`` is the full address, ``notes`` the description, ``now`` when the file
    was made (DTSTAMP).

    A booking that ended before its start is a CANCEL (RFC 5546, 3.2.5) with the same UID and a higher SEQUENCE, so that
    calendars remove the event.
    """
    ended = BookingStatus(content.booking_status) in _ENDED
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "CANCEL" if ended else "PUBLISH")
    calendar.add_component(_event(content, place, notes, ended, now))
    written: bytes = calendar.to_ical()
    return written


def _event(content: NoticeContent, place: str, notes: str, ended: bool, now: datetime) -> Event:
    status, language = BookingStatus(content.booking_status), content.language
    business = pick(content.business_name, language)
    services = " / ".join(pick(item.name, language) for item in content.items)
    event = Event()
    event.add("uid", f"booking-{content.booking_id}@omotenashi")
    event.add("sequence", content.version + 1 if ended else content.version)
    event.add("dtstamp", now)
    event.add("dtstart", content.start_at.astimezone(UTC))
    event.add("dtend", content.end_at.astimezone(UTC))
    event.add("summary", f"{business} {services}".strip())
    event.add("description", notes)
    event.add("status", "CANCELLED" if ended else _certainty(status))
    event.add("transp", "TRANSPARENT" if ended else "OPAQUE")
    if place:
        event.add("location", place)
    if content.business_email:
        # PUBLISH and CANCEL must name an organizer (RFC 5546, 3.2.1 and 3.2.5).
        organizer = vCalAddress(f"mailto:{one_line(content.business_email)}")
        organizer.params["cn"] = business
        event.add("organizer", organizer)
    return event


def _certainty(status: BookingStatus) -> str:
    return "TENTATIVE" if status is BookingStatus.PENDING else "CONFIRMED"
