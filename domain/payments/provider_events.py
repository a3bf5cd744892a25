"""What a provider says about a payment, in plain values, and how it changes what we know.

Events come in any order, late and repeated. Totals only grow and a status moves only as its table allows, so that the
order does not matter in the end.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from domain.payments.status import ALLOWED, REFUND_ALLOWED, DisputeStatus, PaymentStatus, RefundStatus


@dataclass(frozen=True, slots=True)
class IntentEvent:
    """An intent at one moment, in minor units. ``amount`` is what was asked for; ``authorized_until`` (aware UTC) is
    when an authorization lapses, where the provider said it."""

    intent_id: str
    status: PaymentStatus
    amount: int
    currency: str
    captured: int
    decline_code: str | None = None
    payment_id: UUID | None = None
    authorized_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefundEvent:
    """A refund at one moment. ``refund_id`` is our own id, None for one that was made at the provider by hand."""

    provider_refund_id: str
    status: RefundStatus
    amount: int
    refund_id: UUID | None = None
    failure_reason: str | None = None


@dataclass(frozen=True, slots=True)
class DisputeEvent:
    """A dispute at one moment. ``reason`` is the provider's code."""

    dispute_id: str
    status: DisputeStatus
    amount: int
    reason: str


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """One event; at most one of the three is set, none for an event that concerns no payment."""

    intent: IntentEvent | None = None
    refund: RefundEvent | None = None
    dispute: DisputeEvent | None = None

    @property
    def about_money(self) -> bool:
        """Somebody's money has moved or is held, as far as this event says."""
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


# What an event about an intent may say while nothing is captured; everything else follows from the totals. The first
# may be followed by anything, so an old one must not undo a newer one; the others are final.
_PASSING = frozenset({PaymentStatus.REQUIRES_PAYMENT, PaymentStatus.PROCESSING, PaymentStatus.FAILED})
_LASTING = frozenset({PaymentStatus.AUTHORIZED, PaymentStatus.VOIDED})


def after_intent(
    known: PaymentTotals, status: PaymentStatus | None, authorized: int, captured: int, stale: bool = False
) -> PaymentTotals:
    """The totals after an event about the intent itself.

    ``stale``: a later event was applied before. Then what this one says about the card does not count, but its
    totals, an authorization and a void do: clocks differ, and no money may be overlooked for that. With something
    captured the status follows from the totals, and only a dispute's own events begin or end a dispute. A voided
    payment stays voided, because its booking was given up: captured money on it is for a person.
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
    """The totals when ``refunded`` is the sum of all refunds that the provider confirmed."""
    grown = replace(known, refunded=max(known.refunded, min(refunded, known.captured)))
    if known.status in {PaymentStatus.DISPUTED, PaymentStatus.VOIDED} or not grown.captured:
        return grown
    return replace(grown, status=by_totals(grown))


def after_disputes(known: PaymentTotals, disputed: bool) -> PaymentTotals:
    """The totals when ``disputed`` says whether any dispute is open or lost."""
    if disputed:
        return replace(known, status=PaymentStatus.DISPUTED)
    if known.status is PaymentStatus.DISPUTED:
        return replace(known, status=by_totals(known))
    return known


def by_totals(standing: PaymentTotals) -> PaymentStatus:
    """The status of a payment that was captured and is not disputed."""
    if standing.captured == 0:
        return PaymentStatus.AUTHORIZED
    if standing.refunded == 0:
        return PaymentStatus.CAPTURED
    return PaymentStatus.REFUNDED if standing.refunded >= standing.captured else PaymentStatus.PARTIALLY_REFUNDED


def refund_after(known: RefundStatus, reported: RefundStatus) -> RefundStatus:
    """The refund's status after an event. A success is a fact, also where a failure was recorded before; a late
    "processing" does not reopen a failed refund."""
    if reported is RefundStatus.SUCCEEDED:
        return reported
    if known is RefundStatus.FAILED:
        return known
    return reported if reported in REFUND_ALLOWED[known] else known


def authorized_by(status: PaymentStatus, amount: int, captured: int, manual_capture: bool) -> int:
    """What the card of an intent over ``amount`` promises or promised: all of it from the authorization on. An
    automatic capture has no authorization of its own."""
    return amount if status is PaymentStatus.AUTHORIZED or (manual_capture and captured > 0) else 0
