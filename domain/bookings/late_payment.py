"""Money that came after its booking had ended: the booking is reinstated, or the money is refunded. Pure rules."""

from dataclasses import replace
from datetime import datetime

from domain.booking_status import BookingStatus
from domain.bookings.decisions import BookingFacts
from domain.payments.settlement import Settlement, secured_amount, settle
from domain.payments.status import SECURED, PaymentStatus

#: Ended before the visit: money that comes now is late.
LOST = frozenset({BookingStatus.EXPIRED, BookingStatus.CANCELLED, BookingStatus.DECLINED})
#: Ended without a visit: if a void finds the money captured, it is refunded as well.
WITHOUT_VISIT = LOST | {BookingStatus.NO_SHOW}


def is_late(facts: BookingFacts) -> bool:
    """Whether the platform has money for a booking that ended without a visit."""
    return facts.status in WITHOUT_VISIT and facts.payment is not None and facts.payment.status in SECURED


def may_reinstate(facts: BookingFacts, failed_refunds: int, now: datetime) -> bool:
    """Whether the booking is reinstated for late money, if the same time is still free.

    Only an expired booking is reinstated, before its start and with the full amount due. A booking that needs approval
    is not, because nobody approved it. ``failed_refunds``: minor units whose refund failed; a person decides about
    those.
    """
    if not is_late(facts) or facts.status is not BookingStatus.EXPIRED or facts.needs_approval or failed_refunds:
        return False
    return secured_amount(facts.payment, facts.refunds_in_progress) >= facts.amount_due and now < facts.start_at


def settle_late_payment(facts: BookingFacts, failed_refunds: int) -> Settlement | None:
    """What is refunded of late money: everything except the penalty of the booking's end, less ``failed_refunds``.
    None: nothing is moved."""
    if not is_late(facts) or facts.payment is None:
        return None
    keep = facts.penalty_charged
    if keep and facts.payment.status is PaymentStatus.AUTHORIZED:
        return None  # The capture of the penalty is in progress and releases the rest.
    settlement = settle(facts.payment, keep, facts.refunds_in_progress)
    settlement = replace(settlement, refund=max(0, settlement.refund - failed_refunds))
    return settlement if settlement.refund or settlement.movement else None
