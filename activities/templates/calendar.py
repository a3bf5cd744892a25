"""A booking as an iCalendar file for the customer's own calendar.

It is published, not an invitation, so no reply is asked for.
"""

from datetime import datetime
from uuid import UUID

from activities.templates.words import one_line, pick
from db.messages.notices import NoticeContent
from domain.booking_status import BookingStatus
from runtime.calendar_files import CalendarEvent, booking_uid, certainty, has_ended, sequence
from runtime.calendar_files import calendar_file as written


def calendar_file(content: NoticeContent, place: str, notes: str, now: datetime) -> bytes:
    """The booking at its present time. ``place`` is the full address, ``notes`` the description, ``now`` when the file
    was made (DTSTAMP).

    A booking that ended before its start is a CANCEL (RFC 5546, 3.2.5) with the same UID and a higher SEQUENCE, so that
    calendars remove the event. A message about a series has all its bookings in the file.
    """
    ended = has_ended(BookingStatus(content.booking_status))
    event = _event(content, place, notes, now)
    # Of the others only the times are known; the message is made when they are confirmed and have moved never.
    others = [
        _with_time(event, UUID(booking_id), datetime.fromisoformat(starts), datetime.fromisoformat(ends))
        for booking_id, starts, ends in content.facts.get("series") or ()
        if UUID(booking_id) != content.booking_id and not ended
    ]
    return written([event, *others], method="CANCEL" if ended else "PUBLISH")


def _event(content: NoticeContent, place: str, notes: str, now: datetime) -> CalendarEvent:
    status, language = BookingStatus(content.booking_status), content.language
    business = pick(content.business_name, language)
    services = " / ".join(pick(item.name, language) for item in content.items)
    return CalendarEvent(
        uid=booking_uid(content.booking_id),
        sequence=sequence(content.version, status),
        stamp=now,
        starts_at=content.start_at,
        ends_at=content.end_at,
        summary=f"{business} {services}".strip(),
        status=certainty(status),
        description=notes,
        location=place,
        # PUBLISH and CANCEL must name an organizer (RFC 5546, 3.2.1 and 3.2.5).
        organizer=(one_line(content.business_email), business) if content.business_email else None,
    )


def _with_time(event: CalendarEvent, booking_id: UUID, starts_at: datetime, ends_at: datetime) -> CalendarEvent:
    return CalendarEvent(
        uid=booking_uid(booking_id),
        sequence=0,
        stamp=event.stamp,
        starts_at=starts_at,
        ends_at=ends_at,
        summary=event.summary,
        location=event.location,
        organizer=event.organizer,
    )
