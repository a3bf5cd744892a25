"""A manager's capture or void of an authorization, outside the usual course of a booking. Pure rules."""

from dataclasses import dataclass

from domain.booking_status import VISITING, BookingStatus
from domain.errors import CurrencyMismatch, RuleBroken, WrongState
from domain.money import Money
from domain.payments.errors import AmountRefused
from domain.payments.limits import ProviderLimits
from domain.payments.status import Movement, PaymentStatus
from domain.payments.tasks import PaymentView

#: The status of the payment after the movement.
_AFTER = {Movement.CAPTURE: PaymentStatus.CAPTURED, Movement.VOID: PaymentStatus.VOIDED}
#: Bookings that have ended and may have cost the customer a fee.
_WITH_FEE = frozenset({BookingStatus.CANCELLED, BookingStatus.NO_SHOW})


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """A payment with its booking. ``fee``: what the end of the booking costs the customer (minor units).
    ``is_moving``: a movement was requested and has no outcome yet. ``is_undoable``: the last step of the booking can
    still be undone, and its money waits for that."""

    payment: PaymentView
    currency: str
    booking_status: BookingStatus
    fee: int = 0
    is_moving: bool = False
    is_undoable: bool = False


def amount_to_capture(facts: OrderFacts, asked: Money | None, limits: ProviderLimits) -> int:
    """The minor units to capture; ``asked`` None means all that may be captured. The rest of the authorization is
    released.

    During the visit and after it, that is the authorized amount; of a booking that was cancelled or missed, its fee.
    Raises WrongState, RuleBroken, CurrencyMismatch, and AmountRefused for more than that, or for less than the provider
    takes.
    """
    _check(facts, Movement.CAPTURE)
    if asked is not None and asked.currency != facts.currency:
        raise CurrencyMismatch({"expected": facts.currency, "got": asked.currency})
    most = min(facts.payment.authorized, facts.fee) if facts.booking_status in _WITH_FEE else facts.payment.authorized
    amount = most if asked is None else asked.amount
    if not 0 < amount <= most or not limits.takes(Money(amount, facts.currency)):
        raise AmountRefused({"available": most, "currency": facts.currency})
    return amount


def amount_to_void(facts: OrderFacts) -> int:
    """The minor units of the authorization that is given up. Raises WrongState and RuleBroken."""
    _check(facts, Movement.VOID)
    return facts.payment.authorized


def _check(facts: OrderFacts, movement: Movement) -> None:
    """A pending booking is declined or cancelled instead: its customer has no visit to pay for yet."""
    may = facts.booking_status in VISITING | _WITH_FEE | {BookingStatus.COMPLETED}
    if facts.payment.status is not PaymentStatus.AUTHORIZED or not may:
        raise WrongState({"status": facts.payment.status.value, "wanted": _AFTER[movement].value})
    if facts.is_moving:
        raise RuleBroken({"rule": "movement_under_way"})
    if facts.is_undoable and facts.booking_status not in VISITING:
        raise RuleBroken({"rule": "money_waits_for_undo"})
