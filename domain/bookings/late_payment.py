"""Money that came after its booking was over: the booking is reinstated, or the money goes back. Pure rules."""

from dataclasses import replace
from datetime import datetime

from domain.booking_status import BookingStatus
from domain.bookings.decisions import BookingFacts
from domain.payments.settlement import Settlement, held, settle
from domain.payments.status import SECURED, PaymentStatus

#: Over before the visit: money that comes now is late.
LOST = frozenset({BookingStatus.EXPIRED, BookingStatus.CANCELLED, BookingStatus.DECLINED})
#: Over without a visit: money that a void finds taken goes back as well.
WITHOUT_VISIT = LOST | {BookingStatus.NO_SHOW}


def is_late(facts: BookingFacts) -> bool:
    """Whether money is with us for a booking that is over without a visit."""
    return facts.status in WITHOUT_VISIT and facts.payment is not None and facts.payment.status in SECURED


def may_reinstate(facts: BookingFacts, failed_refunds: int, now: datetime) -> bool:
    """Whether late money brings the booking back, if the same time is still free.

    Only an expired booking comes back, before its start, with all that is due. Nobody approved a booking that needs
    approval. ``failed_refunds``: minor units that were to go back and could not; a person decides about those.
    """
    if not is_late(facts) or facts.status is not BookingStatus.EXPIRED or facts.needs_approval or failed_refunds:
        return False
    return held(facts.payment, facts.refunds_in_progress) >= facts.amount_due and now < facts.start_at


def give_back(facts: BookingFacts, failed_refunds: int) -> Settlement | None:
    """What goes back of late money: all that the booking's end does not entitle the business to, less
    ``failed_refunds``. None: nothing moves."""
    if not is_late(facts) or facts.payment is None:
        return None
    keep = facts.penalty_charged
    if keep and facts.payment.status is PaymentStatus.AUTHORIZED:
        return None  # The capture of the penalty is on its way and releases the rest.
    settlement = settle(facts.payment, keep, facts.refunds_in_progress)
    settlement = replace(settlement, refund=max(0, settlement.refund - failed_refunds))
    return settlement if settlement.refund or settlement.movement else None
