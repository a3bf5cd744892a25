"""What falls due during a confirmed booking, and when. Pure: one timer at a time is set for the next duty."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.bookings.snapshot import BookingSnapshot
from domain.bookings.status import BookingStatus
from workflows.support import options


class StepKind(StrEnum):
    """What is to be done; the value is what the timer is called in the Temporal UI."""

    REMIND = "reminder"
    RENEW = "authorisation to be renewed"
    COMPLETE = "end of the visit"
    CLOSE_UNATTENDED = "nobody closed the visit"


@dataclass(frozen=True)
class NextStep:
    """Due at ``at`` (aware UTC). A reminder has the start it is for and its ``offset`` before it."""

    kind: StepKind
    at: datetime
    start_at: datetime | None = None
    offset: timedelta | None = None


def next_step(
    booking: BookingSnapshot, armed_at: datetime, done: Set[NextStep], authorized_until: datetime | None = None
) -> NextStep:
    """The next thing to do.

    A reminder whose time was over when the booking became confirmed or got its present time (``armed_at``) is left
    out: it would come together with the confirmation. One that fell due later is given late rather than never.
    ``authorized_until`` is when a card's promise lapses; it is renewed only if the visit would be paid after that.
    """
    duties = [_end(booking)]
    if authorized_until and booking.end_at + booking.no_show_grace + options.CAPTURE_WITHIN > authorized_until:
        renewal = NextStep(StepKind.RENEW, authorized_until - options.RENEW_AHEAD)
        duties += [renewal] if renewal not in done else []
    if booking.status is BookingStatus.CONFIRMED:
        duties += [duty for duty in _reminders(booking) if duty.at > armed_at and duty not in done]
    return min(duties, key=lambda duty: duty.at)


def _reminders(booking: BookingSnapshot) -> list[NextStep]:
    return [
        NextStep(StepKind.REMIND, booking.start_at - offset, booking.start_at, offset)
        for offset in booking.reminder_offsets
    ]


def _end(booking: BookingSnapshot) -> NextStep:
    end = booking.end_at + booking.no_show_grace
    if booking.auto_complete:
        return NextStep(StepKind.COMPLETE, end)
    return NextStep(StepKind.CLOSE_UNATTENDED, end + options.UNATTENDED)
