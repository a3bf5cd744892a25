"""Refunds: why money goes back, how much may go back, and what an answer of the provider makes of a refund."""

from collections.abc import Mapping
from enum import StrEnum

from domain.errors import CurrencyMismatch, WrongState
from domain.money import Money
from domain.payments.errors import AmountRefused
from domain.payments.settlement import held
from domain.payments.status import PaymentStatus, Phase, RefundStatus
from domain.payments.tasks import PaymentView


class RefundReason(StrEnum):
    """Why money goes back. The first four are for people, the last is a refund made at the provider by hand."""

    REQUESTED = "requested"
    DUPLICATE = "duplicate"
    SERVICE = "service"
    GOODWILL = "goodwill"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    LATE = "late"
    NO_SHOW = "no_show"
    PROVIDER = "provider"


#: Payments of which something can go back.
REFUNDABLE = frozenset({PaymentStatus.CAPTURED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED})

#: The phase of a refund in the ledger, by its status.
PHASE_OF: Mapping[RefundStatus, Phase] = {
    RefundStatus.REQUESTED: Phase.UNKNOWN,
    RefundStatus.PROCESSING: Phase.UNKNOWN,
    RefundStatus.SUCCEEDED: Phase.SUCCEEDED,
    RefundStatus.FAILED: Phase.FAILED,
}


def amount_to_refund(payment: PaymentView, currency: str, asked: Money | None, on_the_way: int) -> int:
    """The minor units to give back of a payment in ``currency``; ``asked`` None means all that is left.

    ``on_the_way``: what is being refunded already. Raises WrongState when nothing was captured or the money is
    disputed, CurrencyMismatch, and AmountRefused when it is not positive or more than is left.
    """
    if payment.status not in REFUNDABLE:
        raise WrongState({"status": payment.status.value, "wanted": PaymentStatus.REFUNDED.value})
    if asked is not None and asked.currency != currency:
        raise CurrencyMismatch({"expected": currency, "got": asked.currency})
    available = held(payment, on_the_way)
    amount = available if asked is None else asked.amount
    if not 0 < amount <= available:
        raise AmountRefused({"available": available, "currency": currency})
    return amount


def refund_status_of(phase: Phase) -> RefundStatus:
    """The status of a refund whose call ended in ``phase``; an unknown end means that it is pending."""
    return {Phase.SUCCEEDED: RefundStatus.SUCCEEDED, Phase.FAILED: RefundStatus.FAILED}.get(
        phase, RefundStatus.PROCESSING
    )
