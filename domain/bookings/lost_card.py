"""A card hold whose authorization is lost: what happens when the customer gives no other card in time. Pure rules."""

from datetime import datetime, timedelta
from enum import StrEnum

from domain.booking_status import BookingStatus
from domain.bookings.decisions import BookingFacts
from domain.payments.settlement import Settlement, settle
from domain.payments.status import SECURED, PaymentStatus
from domain.payments.without_card import BEFORE_START, WithoutCard, cancels

#: The run of the booking says that the deadline, often the end of the authorization, has passed. By the clock of this
#: process it may not have come yet.
CLOCKS_DIFFER = timedelta(minutes=1)


class LostCardStep(StrEnum):
    """What to do at the deadline."""

    NOTHING = "nothing"
    #: The visit takes place without a card; a person looks at it.
    REPORT = "report"
    CANCEL = "cancel"


def at_deadline(
    facts: BookingFacts,
    setting: WithoutCard,
    now: datetime,
    due: datetime | None = None,
    promised: bool | None = None,
    given_up: bool = False,
) -> LostCardStep:
    """What to do when the deadline has passed. Nothing where a card is authorized or the money was taken, and for a
    customer who has arrived. An authorization that ends between a deadline before the start and the start is lost.

    ``due``: the deadline that the booking has now. Where that is ahead, the booking has moved while its run came to the
    former one, and there is nothing to do yet. ``promised``: whether the message says that the booking is cancelled
    then; it counts, whatever the setting is now. None: from before that was stored. ``given_up``: a manager has
    released the hold by hand, so no card is wanted."""
    if facts.status is not BookingStatus.CONFIRMED or not facts.amount_due or given_up:
        return LostCardStep.NOTHING
    if due is not None and due > now + CLOCKS_DIFFER:
        return LostCardStep.NOTHING
    payment = facts.payment
    if payment is not None and payment.status in SECURED:
        until = payment.authorized_until
        needed = max(now, min(facts.start_at - CLOCKS_DIFFER, now + BEFORE_START)) + CLOCKS_DIFFER
        if payment.status is not PaymentStatus.AUTHORIZED or until is None or until > needed:
            return LostCardStep.NOTHING
    # A deadline that is the start cancels nothing, also where this clock is behind that of the run.
    is_cancelled = cancels(setting, due or now, facts.start_at) if promised is None else promised
    return LostCardStep.CANCEL if is_cancelled and now < facts.start_at else LostCardStep.REPORT


def settlement_of(facts: BookingFacts) -> Settlement:
    """The money of a booking that is cancelled for it: nothing is charged, because there is nothing to charge."""
    return settle(facts.payment, 0, facts.refunds_in_progress)
