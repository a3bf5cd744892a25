"""Events of a payment provider as plain values, and how they change our records.

Events come in any order, late, and repeated. Totals only grow and a status changes only as its table allows, so the
order does not change the final result.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from domain.payments.lapse import Card
from domain.payments.status import ALLOWED, REFUND_ALLOWED, DisputeStatus, PaymentStatus, RefundStatus
from domain.payments.vouchers import Voucher


@dataclass(frozen=True, slots=True)
class IntentEvent:
    """An intent at one moment, in minor units. ``amount`` is the requested amount; ``authorized_until`` (aware UTC) is
    when an authorization expires, if the provider said it; ``voucher``: with which it can be paid at a convenience
    store; ``card``: with which it is paid, if the provider said it."""

    intent_id: str
    status: PaymentStatus
    amount: int
    currency: str
    captured: int
    decline_code: str | None = None
    payment_id: UUID | None = None
    authorized_until: datetime | None = None
    voucher: Voucher | None = None
    card: Card | None = None


@dataclass(frozen=True, slots=True)
class RefundEvent:
    """A refund at one moment. ``refund_id`` is our own id, None for a refund that was made in the provider's
    dashboard. ``answer_by`` (aware UTC): until then the customer must name a bank account to the provider, None where
    none is asked for."""

    provider_refund_id: str
    status: RefundStatus
    amount: int
    refund_id: UUID | None = None
    failure_reason: str | None = None
    answer_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class DisputeEvent:
    """A dispute at one moment. ``reason`` is the provider's code. ``due_at`` (aware UTC): evidence is taken until then.
    ``fee``: what the provider charges for the dispute, in minor units, None while it does not say it."""

    dispute_id: str
    status: DisputeStatus
    amount: int
    reason: str
    due_at: datetime | None = None
    fee: int | None = None


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """One event. At most one of the three is set, none for an event that concerns no payment."""

    intent: IntentEvent | None = None
    refund: RefundEvent | None = None
    dispute: DisputeEvent | None = None

    @property
    def about_money(self) -> bool:
        """Whether the event says that money was moved or authorized."""
        if self.refund or self.dispute:
            return True
        return self.intent is not None and (self.intent.captured > 0 or self.intent.status is PaymentStatus.AUTHORIZED)


@dataclass(frozen=True, slots=True)
class PaymentTotals:
    """A payment's status and totals, in minor units."""

    status: PaymentStatus
    authorized: int
    captured: int
    refunded: int


# Statuses that an event may set while nothing is captured; all other statuses follow from the totals. Any status may
# follow the first group, so an old event must not replace a newer one. The second group is final.
_PASSING = frozenset({PaymentStatus.REQUIRES_PAYMENT, PaymentStatus.PROCESSING, PaymentStatus.FAILED})
_LASTING = frozenset({PaymentStatus.AUTHORIZED, PaymentStatus.VOIDED})


def after_intent(
    known: PaymentTotals, status: PaymentStatus | None, authorized: int, captured: int, stale: bool = False
) -> PaymentTotals:
    """The totals after an event about the intent itself.

    ``stale``: a later event was applied before. Then the card status of this one is ignored, but its totals, an
    authorization and a void count: clocks differ, and no money may be overlooked. Once something is captured, the
    status follows from the totals, and only the events of a dispute begin or end a dispute. A voided payment stays
    voided, because its booking was given up: money captured on it is a case for a person.
    """
    grown = replace(known, authorized=max(known.authorized, authorized), captured=max(known.captured, captured))
    if known.status in {PaymentStatus.DISPUTED, PaymentStatus.VOIDED}:
        return grown
    if grown.captured:
        return replace(grown, status=by_totals(grown))
    believed = _LASTING if stale else _LASTING | _PASSING
    if status in believed and status in ALLOWED[known.status]:
        return replace(grown, status=status)
    return grown


def after_refunds(known: PaymentTotals, refunded: int) -> PaymentTotals:
    """The totals when ``refunded`` is the sum of all confirmed refunds."""
    grown = replace(known, refunded=max(known.refunded, min(refunded, known.captured)))
    if known.status in {PaymentStatus.DISPUTED, PaymentStatus.VOIDED} or not grown.captured:
        return grown
    return replace(grown, status=by_totals(grown))


def after_disputes(known: PaymentTotals, disputed: bool) -> PaymentTotals:
    """The totals; ``disputed``: whether any dispute is open or lost."""
    if disputed:
        return replace(known, status=PaymentStatus.DISPUTED)
    if known.status is PaymentStatus.DISPUTED:
        return replace(known, status=by_totals(known))
    return known


def by_totals(totals: PaymentTotals) -> PaymentStatus:
    """The status of a payment that was captured and is not disputed."""
    if totals.captured == 0:
        return PaymentStatus.AUTHORIZED
    if totals.refunded == 0:
        return PaymentStatus.CAPTURED
    return PaymentStatus.REFUNDED if totals.refunded >= totals.captured else PaymentStatus.PARTIALLY_REFUNDED


def refund_after(known: RefundStatus, reported: RefundStatus) -> RefundStatus:
    """The refund's status after an event. A success is final, even if a failure was recorded before; a late
    "processing" does not reopen a failed refund."""
    if reported is RefundStatus.SUCCEEDED:
        return reported
    if known is RefundStatus.FAILED:
        return known
    return reported if reported in REFUND_ALLOWED[known] else known


def authorized_by(status: PaymentStatus, amount: int, captured: int, manual_capture: bool) -> int:
    """The amount that was authorized for an intent of ``amount``: all of it from the authorization on. An automatic
    capture has no separate authorization."""
    return amount if status is PaymentStatus.AUTHORIZED or (manual_capture and captured > 0) else 0
