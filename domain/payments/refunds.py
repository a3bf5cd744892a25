"""Refunds: their reasons, how much may be refunded, and how the provider's answer changes a refund."""

from collections.abc import Mapping
from enum import StrEnum

from domain.errors import CurrencyMismatch, WrongState
from domain.money import Money
from domain.payments.errors import AmountRefused
from domain.payments.settlement import secured_amount
from domain.payments.status import PaymentStatus, Phase, RefundStatus
from domain.payments.tasks import PaymentView


class RefundReason(StrEnum):
    """Why money is refunded. People choose from the first four; the last is a refund made in the provider's
    dashboard."""

    REQUESTED = "requested"
    DUPLICATE = "duplicate"
    SERVICE = "service"
    GOODWILL = "goodwill"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    LATE = "late"
    NO_SHOW = "no_show"
    PROVIDER = "provider"


#: Statuses of payments that can be refunded.
REFUNDABLE = frozenset({PaymentStatus.CAPTURED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED})

#: The phase of a refund in the ledger, by its status.
PHASE_OF: Mapping[RefundStatus, Phase] = {
    RefundStatus.REQUESTED: Phase.UNKNOWN,
    RefundStatus.PROCESSING: Phase.UNKNOWN,
    RefundStatus.SUCCEEDED: Phase.SUCCEEDED,
    RefundStatus.FAILED: Phase.FAILED,
}


def amount_to_refund(payment: PaymentView, currency: str, asked: Money | None, on_the_way: int) -> int:
    """The minor units to refund of a payment in ``currency``; ``asked`` None means all that is left.

    ``on_the_way``: refunds in progress. Raises WrongState when nothing was captured or the money is disputed,
    CurrencyMismatch, and AmountRefused when it is not positive or more than is left.
    """
    if payment.status not in REFUNDABLE:
        raise WrongState({"status": payment.status.value, "wanted": PaymentStatus.REFUNDED.value})
    if asked is not None and asked.currency != currency:
        raise CurrencyMismatch({"expected": currency, "got": asked.currency})
    available = secured_amount(payment, on_the_way)
    amount = available if asked is None else asked.amount
    if not 0 < amount <= available:
        raise AmountRefused({"available": available, "currency": currency})
    return amount


def refund_status_of(phase: Phase) -> RefundStatus:
    """The status of a refund whose call ended in ``phase``; unknown means pending."""
    return {Phase.SUCCEEDED: RefundStatus.SUCCEEDED, Phase.FAILED: RefundStatus.FAILED}.get(
        phase, RefundStatus.PROCESSING
    )
