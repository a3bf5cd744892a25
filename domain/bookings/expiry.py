"""The end of an unpaid hold. Pure rules."""

from datetime import datetime
from enum import Enum, auto

from domain.booking_status import VISITING, BookingStatus
from domain.bookings.decisions import BookingFacts
from domain.payments.settlement import OPEN
from domain.payments.vouchers import waits_for_voucher

_UNPAID = frozenset({BookingStatus.PENDING, BookingStatus.EXPIRED})


class HoldEnd(Enum):
    """What to do when a hold has ended."""

    #: The intent can still be paid: close it at the provider, then decide again.
    CLOSE_INTENT = auto()
    EXPIRE = auto()
    #: A voucher of a convenience store can still be paid: the hold goes on.
    WAIT = auto()
    #: The money is secured, or the booking is no longer pending.
    NOTHING = auto()


def end_hold(facts: BookingFacts, now: datetime) -> HoldEnd:
    """What to do when the workflow says that the hold has ended. The open intent of an expired booking is closed as
    well. The workflow may not know yet that a voucher has extended the hold."""
    if facts.status is BookingStatus.PENDING and waits_for_voucher(facts.payment, facts.hold_expires_at, now):
        return HoldEnd.WAIT
    if facts.payment is not None and facts.payment.status in OPEN and facts.status in _UNPAID:
        return HoldEnd.CLOSE_INTENT
    if facts.status is not BookingStatus.PENDING or (facts.amount_due and facts.is_secured):
        return HoldEnd.NOTHING
    return HoldEnd.EXPIRE


def ends_unproven(facts: BookingFacts) -> bool:
    """Whether the booking ends because nobody proved its address in time. False: it was proven or moved on."""
    return facts.status is BookingStatus.PENDING and facts.proof_deadline is not None


def notifies_business(facts: BookingFacts) -> bool:
    """Whether the business gets a message that the hold has ended: of a provisional booking, which its staff made."""
    return facts.is_provisional


def may_sweep(facts: BookingFacts, now: datetime) -> bool:
    """Whether the hold has ended at ``now`` and its time may be given to another booking. Secured money keeps the time.
    The caller checks whether a stored payment event is still to be applied."""
    lapsed = facts.hold_expires_at is not None and facts.hold_expires_at <= now
    is_paid = facts.amount_due > 0 and facts.is_secured
    return facts.status is BookingStatus.PENDING and lapsed and not is_paid


def still_needs_claims(facts: BookingFacts) -> bool:
    """Whether a booking that is no longer pending still needs its claims."""
    return facts.status in VISITING
