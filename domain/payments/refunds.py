"""Refunds: their reasons, how much may be refunded, and how the provider's answer changes a refund."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.errors import CurrencyMismatch, WrongState
from domain.messages.kinds import NoticeKind
from domain.money import Money
from domain.payments.changes import Alert, PaymentNotice
from domain.payments.errors import AmountRefused
from domain.payments.provider_events import refund_after
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


#: Statuses in which a refund is still to be made at the provider.
UNFINISHED = frozenset({RefundStatus.REQUESTED, RefundStatus.PROCESSING})


@dataclass(frozen=True, slots=True)
class Refund:
    """One refund; minor units."""

    id: UUID
    business_id: UUID
    payment_id: UUID
    booking_id: UUID
    status: RefundStatus
    amount: int
    currency: str
    reason: RefundReason
    command_id: str
    provider_refund_id: str | None
    failure_reason: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RefundReport:
    """What the provider says about a refund. ``reason``: its code for a failure. ``amount``: what it says that it
    refunds, in minor units; None if it says nothing. ``answer_by``: until then the customer must name a bank account
    to the provider; None where it is not asked for one."""

    status: RefundStatus
    provider_refund_id: str | None = None
    reason: str | None = None
    amount: int | None = None
    answer_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefundChange:
    """What follows from a report. ``is_written``: whether the row changes. ``ended``: the phase for the ledger and
    the published event; None while the refund goes on. With a success the payment's total is counted again.
    ``awaits_capture``: it succeeded at the provider, but does not count before more is known as captured."""

    status: RefundStatus
    is_written: bool
    failure_reason: str | None = None
    ended: Phase | None = None
    alerts: tuple[Alert, ...] = ()
    notices: tuple[PaymentNotice, ...] = ()
    awaits_capture: bool = False


#: The kind of the alert about a refund above what is known as captured.
ABOVE_PAID = "refund_above_paid"


def change_refund(refund: Refund, report: RefundReport, left: int) -> RefundChange:
    """The effect of a report on a refund. A repeat changes nothing. ``left``: the captured money that no refund has
    returned yet, in minor units.

    A success above ``left`` is not counted: either the event of the capture is still on its way, or the provider's
    record and ours differ and a person has to look. It waits, with an alert; `may_count` says when it counts.

    A failure after a success is an alert: the customer's bank returned the money (Stripe: ``refund.failed`` after
    ``succeeded``), and the platform has it again.
    """
    status = refund_after(refund.status, report.status)
    if status is RefundStatus.SUCCEEDED and refund.status is not status and refund.amount > left:
        return _await_capture(refund, report, left)
    alerts = []
    if report.amount not in {None, refund.amount}:
        alerts.append(refund_alert("amount_mismatch", refund, {"got": report.amount}))
    if report.status is RefundStatus.FAILED and refund.status is RefundStatus.SUCCEEDED:
        alerts.append(refund_alert("refund_came_back", refund, {"reason": report.reason}))
    is_new = status is not refund.status
    is_named = report.provider_refund_id not in {None, refund.provider_refund_id}
    ended = PHASE_OF[status] if is_new and status not in UNFINISHED else None
    if ended is Phase.FAILED:
        alerts.append(refund_alert("refund_failed", refund, {"reason": report.reason}))
    return RefundChange(
        status,
        is_written=is_new or is_named,
        failure_reason=report.reason if status is RefundStatus.FAILED else None,
        ended=ended,
        alerts=tuple(alerts),
        notices=_notices(refund, report, status, ended),
    )


def _notices(
    refund: Refund, report: RefundReport, status: RefundStatus, ended: Phase | None
) -> tuple[PaymentNotice, ...]:
    """The provider asks for a bank account where the money came in cash: the customer learns from the business whose
    message that is. Once for each time that it asks."""
    if ended is Phase.SUCCEEDED:
        return (refund_notice(refund),)
    if status not in UNFINISHED or report.answer_by is None:
        return ()
    details = {"amount": refund.amount, "currency": refund.currency, "answer_by": report.answer_by.isoformat()}
    return (PaymentNotice(NoticeKind.REFUND_ACCOUNT, f"{refund.id}:{report.answer_by:%Y%m%d}", details),)


def _await_capture(refund: Refund, report: RefundReport, left: int) -> RefundChange:
    details = {"left": left, "provider_refund_id": report.provider_refund_id}
    return RefundChange(
        status=RefundStatus.PROCESSING,
        is_written=True,
        alerts=(refund_alert(ABOVE_PAID, refund, details),),
        awaits_capture=True,
    )


def may_count(refund: Refund, left: int) -> bool:
    """Whether a refund that awaits a capture counts, with ``left`` minor units captured and not refunded."""
    return refund.amount <= left


def refund_alert(kind: str, refund: Refund, details: Mapping[str, Any]) -> Alert:
    """A problem with a refund."""
    money = {"refund_id": refund.id, "amount": refund.amount, "currency": refund.currency}
    return Alert(kind, str(refund.id), {**money, **details})


def refund_notice(refund: Refund) -> PaymentNotice:
    """The provider has made the refund."""
    details = {"amount": refund.amount, "currency": refund.currency, "reason": refund.reason.value}
    return PaymentNotice(NoticeKind.PAYMENT_REFUNDED, str(refund.id), details)


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
    """The status of a refund whose call ended in ``phase``; unknown means processing."""
    return {Phase.SUCCEEDED: RefundStatus.SUCCEEDED, Phase.FAILED: RefundStatus.FAILED}.get(
        phase, RefundStatus.PROCESSING
    )
