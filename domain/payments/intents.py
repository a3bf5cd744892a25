"""The effect of an event about an intent on its payment, before and after it is applied. Pure rules."""

from dataclasses import dataclass
from enum import StrEnum

from domain.booking_status import VISITING, BookingStatus
from domain.payments.payment import Payment
from domain.payments.provider_events import IntentEvent
from domain.payments.settlement import OPEN
from domain.payments.status import SECURED, PaymentStatus


class IntentStep(StrEnum):
    """What to do with an event about an intent. The value is stored as its outcome, except for ``apply``."""

    #: The payment has another intent. An operator has to decide about money on this one.
    REPLACED = "replaced"
    #: The intent was voided because its authorization is being renewed: the record of the renewal sets the status.
    BEING_REPLACED = "being_replaced"
    #: It has another amount or currency than the payment: an operator has to decide.
    MISMATCH = "mismatch"
    APPLY = "apply"


@dataclass(frozen=True, slots=True)
class IntentFacts:
    """The payment that the event is about, in minor units. ``intent_id`` is None while no intent is attached.
    ``is_renewing``: a new authorization was requested and has no outcome yet."""

    intent_id: str | None
    amount: int
    currency: str
    is_renewing: bool = False


def step_for(payment: IntentFacts, intent_id: str, intent: IntentEvent) -> IntentStep:
    """What to do with an event about the intent ``intent_id``."""
    if payment.intent_id not in {None, intent_id}:
        return IntentStep.REPLACED
    if payment.is_renewing and intent.status is PaymentStatus.VOIDED:
        return IntentStep.BEING_REPLACED
    return IntentStep.APPLY if is_as_requested(payment.amount, payment.currency, intent) else IntentStep.MISMATCH


def is_as_requested(amount: int, currency: str, intent: IntentEvent) -> bool:
    """Whether the intent is over what was requested, and no more than that was captured."""
    return intent.amount == amount and intent.currency == currency and intent.captured <= intent.amount


class CardStep(StrEnum):
    """The next step after a change of the payment's status."""

    NOTHING = "nothing"
    #: The payment was secured: one that it replaces is not needed any more.
    REPLACE = "replace"
    #: The authorization was lost: the customer is asked for another card.
    REQUEST_CARD = "request_card"


def card_step(before: PaymentStatus, after: PaymentStatus) -> CardStep:
    """The next step for a payment whose status was ``before`` and is ``after``."""
    if after in SECURED and before not in SECURED:
        return CardStep.REPLACE
    lost = after is PaymentStatus.VOIDED and before is PaymentStatus.AUTHORIZED
    return CardStep.REQUEST_CARD if lost else CardStep.NOTHING


def keeps_new_card(booking_status: BookingStatus) -> bool:
    """Whether a new card that was secured replaces the old one. False: the visit has ended or will not take
    place, so the new authorization is voided instead."""
    return booking_status in VISITING


def requests_card(
    booking_status: BookingStatus, renewal_failed: bool, current: PaymentStatus | None, given_up: bool = False
) -> bool:
    """Whether the customer is asked for another card after an authorization was lost. Not if they were asked when it
    could not be renewed, nor if another payment (``current``) is secured already, nor if we have ``given_up`` the
    authorization ourselves."""
    return booking_status in VISITING and not renewal_failed and not given_up and current not in SECURED


class VoucherStep(StrEnum):
    """The next step for the voucher of a payment."""

    NOTHING = "nothing"
    #: There is a new one: the time is held until its last second, and the customer gets its numbers.
    OPEN = "open"
    #: It cannot be paid any more.
    CLOSE = "close"


def voucher_step(payment: Payment, booking_status: BookingStatus, intent: IntentEvent, stale: bool) -> VoucherStep:
    """What an event about the intent does to the voucher; ``payment`` has the status after the event. ``stale``: a
    later event was applied before. A booking that is over gets no voucher: its intent is closed by its workflow."""
    known, new = payment.voucher, intent.voucher
    if known is not None and payment.captured and intent.card is not None:
        return VoucherStep.CLOSE  # It was paid with a card after all, in whatever order that becomes known.
    if stale:
        return VoucherStep.NOTHING
    if new is not None:
        is_known = known is not None and (known.expires_at, known.codes) == (new.expires_at, new.codes)
        wanted = payment.status in OPEN and booking_status is BookingStatus.PENDING
        return VoucherStep.OPEN if wanted and not is_known else VoucherStep.NOTHING
    # While the customer stands at the till the payment is processing, and may come back from there.
    is_over = known is not None and intent.status is not PaymentStatus.PROCESSING
    return VoucherStep.CLOSE if is_over else VoucherStep.NOTHING
