"""What happens to a payment when its booking ends: how much is kept, and how the rest goes back."""

from dataclasses import dataclass

from domain.payments.status import Movement, PaymentStatus
from domain.payments.tasks import PaymentView

#: Nothing is paid yet, but the customer could still pay: the intent must be closed.
OPEN = frozenset({PaymentStatus.REQUIRES_PAYMENT, PaymentStatus.PROCESSING, PaymentStatus.FAILED})


#: The money was taken, and what is left of it can be refunded.
TAKEN = frozenset({PaymentStatus.CAPTURED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED})


@dataclass(frozen=True, slots=True)
class Settlement:
    """What to do, in minor units.

    ``kept``: stays with the business. ``refund``: goes back of what was captured. ``released``: is given up of what was
    authorized. ``movement``: what the provider is
    asked for instead, a capture or a void over ``amount``. ``for_a_person``: the money cannot be moved by machine.
    """

    kept: int = 0
    refund: int = 0
    released: int = 0
    movement: Movement | None = None
    amount: int = 0
    for_a_person: bool = False


def held(payment: PaymentView | None, on_the_way: int = 0) -> int:
    """What of the customer's money is with us or promised to us, less the refunds that are ``on_the_way``."""
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
    """End a payment of which the business may keep at most ``keep``.

    Declined, expired, late or cancelled by the business: 0. Cancelled by the customer or not shown up: the policy's
    penalty. Completed: everything. Money under a dispute is out of reach of a refund (Stripe refuses it), so what is
    owed there is for a person.
    """
    if payment is None:
        return Settlement()
    if payment.status in OPEN:
        return Settlement(movement=Movement.VOID)
    available = held(payment, on_the_way)
    kept = min(max(keep, 0), available)
    match payment.status:
        case PaymentStatus.AUTHORIZED if kept:
            return Settlement(kept=kept, released=available - kept, movement=Movement.CAPTURE, amount=kept)
        case PaymentStatus.AUTHORIZED:
            return Settlement(released=available, movement=Movement.VOID, amount=available)
        case PaymentStatus.CAPTURED | PaymentStatus.PARTIALLY_REFUNDED:
            return Settlement(kept=kept, refund=available - kept)
        case PaymentStatus.DISPUTED:
            return Settlement(for_a_person=keep < payment.captured - payment.refunded)
        case _:
            return Settlement()
