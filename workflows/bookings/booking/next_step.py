"""Which step of a confirmed booking is due next, and when. Pure functions; the workflow sets one timer at a time."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.booking_status import BookingStatus
from domain.bookings.snapshot import BookingSnapshot
from workflows.support import options


class StepKind(StrEnum):
    """What is to be done. The value is the name of the timer in the Temporal UI."""

    REMIND = "reminder"
    WARN = "the voucher ends soon"
    RENEW = "authorization to be renewed"
    CARD_DUE = "deadline for another card"
    COMPLETE = "end of the visit"
    CLOSE_UNATTENDED = "nobody closed the visit"


@dataclass(frozen=True)
class NextStep:
    """Due at ``at`` (aware UTC). A reminder has the start of its visit and its ``offset`` before that start."""

    kind: StepKind
    at: datetime
    start_at: datetime | None = None
    offset: timedelta | None = None


def next_step(
    booking: BookingSnapshot,
    armed_at: datetime,
    done: Set[NextStep],
    authorized_until: datetime | None = None,
    undone_at: datetime | None = None,
    card_due: datetime | None = None,
) -> NextStep:
    """The next thing to do.

    A reminder that was due before the booking was confirmed or moved to its present time (``armed_at``) is left out: it
    would come together with the confirmation. A reminder that was due later is sent, even if late.
    ``undone_at``: when staff undid the end of the visit. They have `options.AFTER_UNDO` to end it again by hand.
    ``authorized_until`` is when the card's authorization expires. It is renewed only if the visit is paid after that.
    ``card_due``: by when the customer must give another card.
    """
    steps = [_end(booking, undone_at)]
    if authorized_until and booking.end_at + booking.no_show_grace + options.CAPTURE_WITHIN > authorized_until:
        renewal = NextStep(StepKind.RENEW, authorized_until - options.RENEW_AHEAD)
        steps += [renewal] if renewal not in done else []
    if card_due is not None and booking.status is BookingStatus.CONFIRMED:
        deadline = NextStep(StepKind.CARD_DUE, card_due)
        steps += [deadline] if deadline not in done else []
    if booking.status is BookingStatus.CONFIRMED:
        steps += [step for step in _reminders(booking) if step.at > armed_at and step not in done]
    return min(steps, key=lambda step: step.at)


def _reminders(booking: BookingSnapshot) -> list[NextStep]:
    return [
        NextStep(StepKind.REMIND, booking.start_at - offset, booking.start_at, offset)
        for offset in booking.reminder_offsets
    ]


def _end(booking: BookingSnapshot, undone_at: datetime | None) -> NextStep:
    end = booking.end_at + booking.no_show_grace
    if undone_at is not None:
        end = max(end, undone_at + options.AFTER_UNDO)
    if booking.auto_complete:
        return NextStep(StepKind.COMPLETE, end)
    return NextStep(StepKind.CLOSE_UNATTENDED, end + options.UNATTENDED)
