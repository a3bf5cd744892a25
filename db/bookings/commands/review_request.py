"""The request for a review, which follows from a completed visit."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from db.bookings.commands.locked import Locked
from db.bookings.commands.notices import Message
from domain.booking_status import BookingStatus
from domain.messages.kinds import NoticeKind

#: The time of the day at which it is sent, at the venue.
_AT = time(10, 0)


def review_request(booking: Locked) -> tuple[Message, ...]:
    """The one request for the visit; none where the business asks for none. It is queued with the completion, and is
    not sent if the visit is not completed any more by then, or was reviewed."""
    if booking.review_request_days is None or booking.status in {BookingStatus.NO_SHOW, BookingStatus.DECLINED}:
        return ()
    place = ZoneInfo(booking.time_zone)
    day = booking.end_at.astimezone(place).date() + timedelta(days=booking.review_request_days)
    return (Message(NoticeKind.REVIEW_REQUESTED, not_before=datetime.combine(day, _AT, place)),)
