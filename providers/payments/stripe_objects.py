"""Stripe's JSON read into our types. Pure: no network, no SDK object.

Field meanings: Stripe API reference, objects PaymentIntent, Charge, Refund, Dispute and Event.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from domain.payments.lapse import Card, brand_of
from domain.payments.status import DisputeStatus, PaymentStatus, RefundStatus
from domain.payments.vouchers import StoreCode, Voucher
from providers.payments.interface import Dispute, Intent, Refund, WebhookEvent

Raw = Mapping[str, Any]

INTENT_TYPES = frozenset(
    {
        "payment_intent.succeeded",
        "payment_intent.amount_capturable_updated",
        "payment_intent.processing",
        "payment_intent.payment_failed",
        "payment_intent.canceled",
    }
)
VOUCHER_TYPE = "payment_intent.requires_action"
CHARGE_TYPES = frozenset({"charge.refunded"})
REFUND_TYPES = frozenset({"refund.created", "refund.updated", "refund.failed"})
# An inquiry that becomes a chargeback gets its deadline with "updated" and its fee with "funds_withdrawn".
DISPUTE_TYPES = frozenset(
    {
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    }
)

_REFUND_STATUS: Mapping[str, RefundStatus] = {
    "pending": RefundStatus.PROCESSING,
    "requires_action": RefundStatus.PROCESSING,
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.FAILED,
}

#: After ``prevented`` and ``warning_closed`` no money was taken from our account.
_DISPUTE_STATUS: Mapping[str, DisputeStatus] = {
    "won": DisputeStatus.WON,
    "prevented": DisputeStatus.WON,
    "warning_closed": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
}


def intent_of(raw: Raw, disputed: bool | None = None) -> Intent:
    """A PaymentIntent, best with ``latest_charge`` expanded: without it ``refunded`` is 0.

    ``disputed`` overrides the charge's flag, which stays set after a dispute was won. An amount that a partial capture
    or a cancellation released is not in ``amount_refunded`` (since API version 2025-03-31).
    """
    charge = raw.get("latest_charge")
    expanded: Raw = charge if isinstance(charge, Mapping) else {}
    captured = int(raw.get("amount_received") or 0)
    refunded = int(expanded.get("amount_refunded") or 0)
    if disputed is None:
        disputed = bool(expanded.get("disputed"))
    return Intent(
        id=raw["id"],
        status=_intent_status(raw, captured, refunded, disputed),
        amount=int(raw["amount"]),
        currency=str(raw["currency"]).upper(),
        captured=captured,
        refunded=refunded,
        client_secret=raw.get("client_secret"),
        action_url=_action_url(raw),
        decline_code=_decline_code(raw),
        metadata=dict(raw.get("metadata") or {}),
        authorized_until=_authorized_until(raw, expanded),
        voucher=_voucher(raw),
        card=_card(expanded),
    )


def intent_of_charge(raw: Raw) -> Intent:
    """The intent as far as one of its charges shows it; ``raw["payment_intent"]`` must be set."""
    captured = int(raw.get("amount_captured") or 0)
    refunded = int(raw.get("amount_refunded") or 0)
    if captured:
        status = _paid_status(captured, refunded, bool(raw.get("disputed")))
    else:
        status = PaymentStatus.AUTHORIZED if raw.get("paid") else PaymentStatus.FAILED
    return Intent(
        id=id_of(raw["payment_intent"]),
        status=status,
        amount=int(raw["amount"]),
        currency=str(raw["currency"]).upper(),
        captured=captured,
        refunded=refunded,
        client_secret=None,
        action_url=None,
        decline_code=None,
        metadata=dict(raw.get("metadata") or {}),
    )


def refund_of(raw: Raw) -> Refund:
    """A Refund; ``raw["payment_intent"]`` must be set."""
    status = _REFUND_STATUS.get(str(raw["status"]), RefundStatus.PROCESSING)
    reason = raw.get("failure_reason")
    if status is RefundStatus.FAILED and not reason:
        reason = str(raw["status"])
    return Refund(
        id=raw["id"],
        intent_id=id_of(raw["payment_intent"]),
        status=status,
        amount=int(raw["amount"]),
        failure_reason=reason,
        metadata=dict(raw.get("metadata") or {}),
        answer_by=_answer_by(raw),
    )


def dispute_of(raw: Raw) -> Dispute:
    """A Dispute; ``raw["payment_intent"]`` must be set."""
    return Dispute(
        id=raw["id"],
        intent_id=id_of(raw["payment_intent"]),
        status=_DISPUTE_STATUS.get(str(raw["status"]), DisputeStatus.OPEN),
        amount=int(raw["amount"]),
        currency=str(raw["currency"]).upper(),
        reason=str(raw.get("reason") or "general"),
        due_at=_due_at(raw.get("evidence_details") or {}),
        fee=_fee(raw.get("balance_transactions") or ()),
    )


def _due_at(details: Raw) -> datetime | None:
    """``due_by`` is 0 or null where the bank takes no evidence (Stripe API reference, Dispute.evidence_details)."""
    due = details.get("due_by")
    return datetime.fromtimestamp(int(due), UTC) if due else None


def _fee(transactions: Sequence[Raw]) -> int | None:
    """The sum of the fees of the balance transactions, in minor units of the account's currency. They are there while
    the money is withdrawn; after a won dispute the fee may come back as a negative one."""
    return max(0, sum(int(one.get("fee") or 0) for one in transactions)) if transactions else None


def event_of(raw: Raw) -> WebhookEvent:
    """A snapshot Event. One that belongs to no PaymentIntent (made elsewhere with the same account) is only stored."""
    kind = str(raw["type"])
    subject: Raw = raw["data"]["object"]
    intent: Intent | None = None
    refund: Refund | None = None
    dispute: Dispute | None = None
    intent_id = subject["id"] if subject.get("object") == "payment_intent" else id_of(subject.get("payment_intent"))
    if kind in INTENT_TYPES or _is_voucher(kind, subject):
        intent = intent_of(subject)
    elif intent_id and kind in CHARGE_TYPES:
        intent = intent_of_charge(subject)
    elif intent_id and kind in REFUND_TYPES:
        refund = refund_of(subject)
    elif intent_id and kind in DISPUTE_TYPES:
        dispute = dispute_of(subject)
    return WebhookEvent(
        id=raw["id"],
        type=kind,
        created=int(raw["created"]),
        intent_id=intent_id or None,
        intent=intent,
        refund=refund,
        dispute=dispute,
    )


def _intent_status(raw: Raw, captured: int, refunded: int, disputed: bool) -> PaymentStatus:
    match raw["status"]:
        case "succeeded":
            return _paid_status(captured, refunded, disputed)
        case "requires_capture":
            return PaymentStatus.DISPUTED if disputed else PaymentStatus.AUTHORIZED
        case "processing":
            return PaymentStatus.PROCESSING
        case "canceled":
            return PaymentStatus.VOIDED
        case "requires_payment_method" if raw.get("last_payment_error"):
            return PaymentStatus.FAILED
        case _:
            return PaymentStatus.REQUIRES_PAYMENT


def _paid_status(captured: int, refunded: int, disputed: bool) -> PaymentStatus:
    if disputed:
        return PaymentStatus.DISPUTED
    if refunded <= 0:
        return PaymentStatus.CAPTURED
    return PaymentStatus.REFUNDED if refunded >= captured else PaymentStatus.PARTIALLY_REFUNDED


def _action_url(raw: Raw) -> str | None:
    if raw["status"] != "requires_action":
        return None
    redirect = (raw.get("next_action") or {}).get("redirect_to_url") or {}
    return redirect.get("url")


def _card(charge: Raw) -> Card | None:
    """``payment_method_details.card`` of the charge: brand and the country of the bank. None for a charge that was
    refused: nothing is paid with that card."""
    if charge.get("status") == "failed":
        return None
    card = (charge.get("payment_method_details") or {}).get("card") or {}
    if not card.get("brand"):
        return None
    country = card.get("country")
    return Card(brand_of(card["brand"]), country == "JP" if country else None)


def _voucher_details(raw: Raw) -> Raw:
    if raw["status"] != "requires_action":
        return {}
    return (raw.get("next_action") or {}).get("konbini_display_details") or {}


def _is_voucher(kind: str, subject: Raw) -> bool:
    """A voucher was made, by our call or by Stripe's form in the browser. Other actions are only stored."""
    return kind == VOUCHER_TYPE and bool(_voucher_details(subject))


def _voucher(raw: Raw) -> Voucher | None:
    """``next_action.konbini_display_details`` (Stripe API reference, PaymentIntent): codes by the chain's name."""
    details = _voucher_details(raw)
    if not details:
        return None
    codes = tuple(
        StoreCode(store, str(code["payment_code"]), code.get("confirmation_number"))
        for store, code in sorted((details.get("stores") or {}).items())
        if code
    )
    expires_at = datetime.fromtimestamp(int(details["expires_at"]), UTC)
    return Voucher(expires_at, codes, details.get("hosted_voucher_url"))


def _answer_by(raw: Raw) -> datetime | None:
    """Refund.next_action: the customer was asked by e-mail for a bank account."""
    if raw["status"] != "requires_action":
        return None
    details = (raw.get("next_action") or {}).get("display_details") or {}
    seconds = details.get("expires_at")
    return datetime.fromtimestamp(int(seconds), UTC) if seconds else None


def _decline_code(raw: Raw) -> str | None:
    if raw["status"] != "requires_payment_method":
        return None
    error = raw.get("last_payment_error") or {}
    return error.get("decline_code") or error.get("code")


def _authorized_until(raw: Raw, charge: Raw) -> datetime | None:
    """``capture_before`` of the charge (docs.stripe.com, "Place a hold on a payment method")."""
    if raw["status"] != "requires_capture":
        return None
    card = (charge.get("payment_method_details") or {}).get("card") or {}
    seconds = card.get("capture_before")
    return datetime.fromtimestamp(int(seconds), UTC) if seconds else None


def id_of(value: Any) -> str:
    """The id of a field that may be expanded; empty if there is none."""
    return str(value["id"]) if isinstance(value, Mapping) else str(value or "")
