"""What happens to a payment when its booking ends: how much the business keeps, and how the rest is returned."""

from dataclasses import dataclass

from domain.payments.status import Movement, PaymentStatus
from domain.payments.tasks import PaymentView

#: Nothing is paid yet, but the customer can still pay: the intent must be closed.
OPEN = frozenset({PaymentStatus.REQUIRES_PAYMENT, PaymentStatus.PROCESSING, PaymentStatus.FAILED})


#: The money was captured, and the rest of it can be refunded.
TAKEN = frozenset({PaymentStatus.CAPTURED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED})


@dataclass(frozen=True, slots=True)
class Settlement:
    """What to do, in minor units.

    ``retained``: what the business keeps. ``refund``: what is refunded of a capture. ``released``: what is given up of
    an authorization. ``movement``: the call to the provider, a capture or a void over ``amount``. ``for_a_person``: the
    money cannot be moved automatically.
    """

    retained: int = 0
    refund: int = 0
    released: int = 0
    movement: Movement | None = None
    amount: int = 0
    for_a_person: bool = False


def secured_amount(payment: PaymentView | None, on_the_way: int = 0) -> int:
    """The captured or authorized money, less refunds in progress (``on_the_way``)."""
    if payment is None:
        return 0
    match payment.status:
        case PaymentStatus.AUTHORIZED:
            return payment.authorized
        case PaymentStatus.CAPTURED | PaymentStatus.PARTIALLY_REFUNDED:
            return max(0, payment.captured - payment.refunded - on_the_way)
        case _:
            return 0


def settle(payment: PaymentView | None, keep: int, on_the_way: int = 0) -> Settlement:
    """Settle a payment of which the business may keep at most ``keep``.

    Declined, expired, late or cancelled by the business: 0. Cancelled by the customer or no-show: the policy's penalty.
    Completed: everything. Disputed money cannot be refunded (Stripe refuses it), so a person must decide about it.
    """
    if payment is None:
        return Settlement()
    if payment.status in OPEN:
        return Settlement(movement=Movement.VOID)
    available = secured_amount(payment, on_the_way)
    kept = min(max(keep, 0), available)
    match payment.status:
        case PaymentStatus.AUTHORIZED if kept:
            return Settlement(retained=kept, released=available - kept, movement=Movement.CAPTURE, amount=kept)
        case PaymentStatus.AUTHORIZED:
            return Settlement(released=available, movement=Movement.VOID, amount=available)
        case PaymentStatus.CAPTURED | PaymentStatus.PARTIALLY_REFUNDED:
            return Settlement(retained=kept, refund=available - kept)
        case PaymentStatus.DISPUTED:
            return Settlement(for_a_person=keep < payment.captured - payment.refunded)
        case _:
            return Settlement()
