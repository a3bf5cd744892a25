"""The end of an unpaid hold. Pure rules."""

from datetime import datetime
from enum import Enum, auto

from domain.booking_status import BookingStatus
from domain.bookings.decisions import BookingFacts
from domain.payments.settlement import OPEN

_UNPAID = frozenset({BookingStatus.PENDING, BookingStatus.EXPIRED})


class HoldEnd(Enum):
    """What to do when the time of a hold is over."""

    #: The intent can still be paid: close it at the provider, then ask again.
    CLOSE_INTENT = auto()
    EXPIRE = auto()
    #: The money is secured, or the booking is no longer pending.
    NOTHING = auto()


def end_hold(facts: BookingFacts) -> HoldEnd:
    """What to do, as the workflow, which keeps the time of the hold, says that it is over. An intent of a booking that
    is expired already is closed as well."""
    if facts.payment is not None and facts.payment.status in OPEN and facts.status in _UNPAID:
        return HoldEnd.CLOSE_INTENT
    if facts.status is not BookingStatus.PENDING or (facts.amount_due and facts.is_secured):
        return HoldEnd.NOTHING
    return HoldEnd.EXPIRE


def may_sweep(facts: BookingFacts, now: datetime) -> bool:
    """Whether the hold is over at ``now`` and its time may go to somebody else. Money that is secured keeps the time;
    the caller checks whether an event of a payment waits to be applied."""
    lapsed = facts.hold_expires_at is not None and facts.hold_expires_at <= now
    is_paid = facts.amount_due > 0 and facts.is_secured
    return facts.status is BookingStatus.PENDING and lapsed and not is_paid


def holds_its_time(facts: BookingFacts) -> bool:
    """Whether a booking that is no longer pending still needs its time."""
    return facts.status in {BookingStatus.CONFIRMED, BookingStatus.CHECKED_IN}
