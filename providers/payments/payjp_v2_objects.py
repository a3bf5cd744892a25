"""PAY.JP v2's JSON read into our types. Pure: no network, no SDK object.

Field meanings: docs.pay.jp/v2/api (PaymentFlow, PaymentRefund, PaymentDispute, Event) and
docs.pay.jp/v2/guide/developers/event-webhook: an event's ``data`` is the object itself.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.payments.status import DisputeStatus, PaymentStatus, RefundStatus
from providers.payments.interface import Checkout, Dispute, Intent, Refund, WebhookEvent

Raw = Mapping[str, Any]

#: docs.pay.jp/v2/guide/status-management/auth-capture: 7 days unless extended; the flow does not say when it lapses.
AUTHORIZATION = timedelta(days=7)

#: Types that report the status of a flow. Others (created, requires_action, …) are only stored.
FLOW_TYPES = frozenset(
    {
        "payment_flow.succeeded",
        "payment_flow.amount_capturable_updated",
        "payment_flow.processing",
        "payment_flow.payment_failed",
        "payment_flow.canceled",
    }
)

_FLOW_STATUS: Mapping[str, PaymentStatus] = {
    "processing": PaymentStatus.PROCESSING,
    "requires_capture": PaymentStatus.AUTHORIZED,
    "canceled": PaymentStatus.VOIDED,
    "succeeded": PaymentStatus.CAPTURED,
}
_REFUND_STATUS: Mapping[str, RefundStatus] = {
    "pending": RefundStatus.PROCESSING,
    "requires_action": RefundStatus.PROCESSING,
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.FAILED,
}
#: ``lost``: the money is taken from our account; ``cancel``: the bank withdrew its claim.
_DISPUTE_STATUS: Mapping[str, DisputeStatus] = {"cancel": DisputeStatus.WON, "lost": DisputeStatus.LOST}


def intent_of(raw: Raw, refunded: int = 0, disputed: bool = False) -> Intent:
    """A PaymentFlow. It has no fields for refunds and disputes; the caller adds them."""
    captured = int(raw.get("amount_received") or 0)
    return Intent(
        id=raw["id"],
        status=_status(raw, captured, refunded, disputed),
        amount=int(raw["amount"]),
        currency=str(raw["currency"]).upper(),
        captured=captured,
        refunded=refunded,
        client_secret=raw.get("client_secret"),
        action_url=_action_url(raw),
        decline_code=_decline_code(raw),
        metadata=_metadata(raw),
        authorized_until=_authorized_until(raw),
    )


def checkout_of(raw: Raw) -> Checkout:
    """A CheckoutSession. ``complete``: it was paid, or its payment is under way; ``expired``: nobody can pay on it."""
    return Checkout(
        id=raw["id"],
        url=str(raw["url"]),
        is_open=raw["status"] == "open",
        expires_at=_moment(raw.get("expires_at")),
        intent_id=raw.get("payment_flow_id"),
    )


def refund_of(raw: Raw) -> Refund:
    """A PaymentRefund."""
    status = _REFUND_STATUS.get(str(raw["status"]), RefundStatus.PROCESSING)
    return Refund(
        id=raw["id"],
        intent_id=str(raw["payment_flow_id"]),
        status=status,
        amount=int(raw["amount"]),
        failure_reason=str(raw["status"]) if status is RefundStatus.FAILED else None,
        metadata=_metadata(raw),
    )


def dispute_of(raw: Raw) -> Dispute:
    """A PaymentDispute."""
    return Dispute(
        id=raw["id"],
        intent_id=str(raw["payment_flow_id"]),
        status=_DISPUTE_STATUS.get(str(raw["status"]), DisputeStatus.OPEN),
        amount=int(raw["amount"]),
        currency=str(raw["currency"]).upper(),
        reason=str(raw.get("reason") or "other"),
        due_at=_moment(raw.get("due_by")),
    )


def _moment(value: object) -> datetime | None:
    """RFC 3339 text, or nothing."""
    return datetime.fromisoformat(value).astimezone(UTC) if isinstance(value, str) and value else None


def event_of(raw: Raw) -> WebhookEvent:
    """An Event. Its ``object`` decides what it is about, because refunds and disputes have several types each."""
    subject: Raw = raw["data"]
    kind, made_of = str(raw["type"]), subject.get("object")
    intent_id = subject["id"] if made_of == "payment_flow" else subject.get("payment_flow_id")
    return WebhookEvent(
        id=raw["id"],
        type=kind,
        created=int(_time(raw["created_at"]).timestamp()),
        intent_id=str(intent_id) if intent_id else None,
        intent=intent_of(subject) if kind in FLOW_TYPES else None,
        refund=refund_of(subject) if made_of == "payment_refund" else None,
        dispute=dispute_of(subject) if made_of == "payment_dispute" else None,
    )


def _status(raw: Raw, captured: int, refunded: int, disputed: bool) -> PaymentStatus:
    status = _FLOW_STATUS.get(str(raw["status"]))
    if status is PaymentStatus.CAPTURED:
        if disputed:
            return PaymentStatus.DISPUTED
        if refunded <= 0:
            return status
        return PaymentStatus.REFUNDED if refunded >= captured else PaymentStatus.PARTIALLY_REFUNDED
    if status is not None:
        return status
    failed = raw["status"] == "requires_payment_method" and raw.get("last_payment_error")
    return PaymentStatus.FAILED if failed else PaymentStatus.REQUIRES_PAYMENT


def _action_url(raw: Raw) -> str | None:
    """Where the customer goes for 3-D Secure or PayPay. The API leaves ``next_action`` open; its redirect is read in
    both forms that a redirect can have."""
    if raw["status"] != "requires_action":
        return None
    action = raw.get("next_action") or {}
    redirect = action.get("redirect_to_url") or action
    return redirect.get("url") if isinstance(redirect, Mapping) else str(redirect)


def _decline_code(raw: Raw) -> str | None:
    if raw["status"] != "requires_payment_method":
        return None
    error = raw.get("last_payment_error") or {}
    return error.get("code") or ("declined" if error else None)


def _authorized_until(raw: Raw) -> datetime | None:
    if raw["status"] != "requires_capture":
        return None
    expires = raw.get("expired_at")
    return _time(expires) if expires else _time(raw["updated_at"]) + AUTHORIZATION


def _metadata(raw: Raw) -> dict[str, str]:
    return {name: str(value) for name, value in (raw.get("metadata") or {}).items()}


def _time(value: Any) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
