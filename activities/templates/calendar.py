"""A booking as an iCalendar file (RFC 5545), to be added to the customer's own calendar.

It is published, not an invitation: nobody is asked to answer. The same UID with a higher SEQUENCE replaces what an
earlier message brought.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress

from activities.templates.words import one_line, pick
from db.messages.notices import NoticeContent
from domain.bookings.status import BookingStatus

PRODUCT = "-//Omotenashi Connect//Bookings//JA"


def visit(content: NoticeContent, now: datetime) -> bytes:
    """The visit as it stands; ``now`` is when the file was made (DTSTAMP).

    A booking that is over before its visit is written as CANCELLED, with a SEQUENCE above that of its last time, so
    that calendars which compare it take it off.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add_component(_event(content, now))
    # Whole years around the visit, so that the rules of its zone (daylight saving) are in the file.
    first, last = content.start_at.year - 1, content.end_at.year + 1
    calendar.add_missing_timezones(first_date=date(first, 1, 1), last_date=date(last, 12, 31))
    written: bytes = calendar.to_ical()
    return written


def _event(content: NoticeContent, now: datetime) -> Event:
    status, zone, language = BookingStatus(content.booking_status), ZoneInfo(content.time_zone), content.language
    called_off = status in {BookingStatus.CANCELLED, BookingStatus.DECLINED, BookingStatus.EXPIRED}
    business = pick(content.business_name, language)
    services = " / ".join(pick(item.name, language) for item in content.items)
    event = Event()
    event.add("uid", f"booking-{content.booking_id}@omotenashi")
    event.add("sequence", content.version + 1 if called_off else content.version)
    event.add("dtstamp", now)
    event.add("dtstart", content.start_at.astimezone(zone))
    event.add("dtend", content.end_at.astimezone(zone))
    event.add("summary", f"{business} {services}".strip())
    event.add("description", ("予約番号：" if language == "ja" else "Confirmation code: ") + content.code)
    event.add("status", "CANCELLED" if called_off else _certainty(status))
    event.add("transp", "TRANSPARENT" if called_off else "OPAQUE")
    place = pick(content.business_address, language)
    if place:
        event.add("location", place)
    if content.business_email:
        organizer = vCalAddress(f"mailto:{one_line(content.business_email)}")
        organizer.params["cn"] = business
        event.add("organizer", organizer)
    return event


def _certainty(status: BookingStatus) -> str:
    return "TENTATIVE" if status is BookingStatus.PENDING else "CONFIRMED"
