"""A booking as an iCalendar file for the customer's own calendar.

It is published, not an invitation, so no reply is asked for.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from activities.templates.words import one_line, pick
from db.messages.notices import NoticeContent
from domain.booking_status import BookingStatus
from domain.messages.kinds import NoticeKind
from runtime.calendar_files import CalendarEvent, booking_uid, certainty, has_ended, sequence
from runtime.calendar_files import calendar_file as written


def calendar_file(content: NoticeContent, place: str, notes: str, now: datetime) -> bytes:
    """The booking at its present time. ``place`` is the full address, ``notes`` the description, ``now`` when the file
    was made (DTSTAMP).

    A booking that ended before its start is a CANCEL (RFC 5546, 3.2.5) with the same UID and a higher SEQUENCE, so that
    calendars remove the event. A message about several bookings of a series has all of them in the file, unless the
    first has ended since and the others have not.
    """
    ended = has_ended(BookingStatus(content.booking_status))
    event = _event(content, place, notes, now)
    # Of the others only the times and versions of the moment of the change are known.
    listed = content.facts.get("series") or () if ended == (content.kind == NoticeKind.BOOKING_CANCELLED) else ()
    others = [_of_series(event, one, ended) for one in listed if UUID(one[0]) != content.booking_id]
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


def _of_series(event: CalendarEvent, listed: list[Any], ended: bool) -> CalendarEvent:
    """Another booking of the message: like ``event``, at its own time. One that is confirmed only now, and has no
    version in the message, was never moved."""
    booking_id, starts, ends, *more = listed
    version = int(more[0]) if more else 0
    status = BookingStatus.CANCELLED if ended else BookingStatus.CONFIRMED
    return CalendarEvent(
        uid=booking_uid(UUID(booking_id)),
        sequence=sequence(version, status),
        stamp=event.stamp,
        starts_at=datetime.fromisoformat(starts),
        ends_at=datetime.fromisoformat(ends),
        summary=event.summary,
        status=certainty(status),
        location=event.location,
        organizer=event.organizer,
    )
