"""Disputes: how one begins. Their end is in ``refunds``."""

import time

from providers.sandbox.store import JSON, Store
from providers.sandbox.webhook_events import WebhookEvents
from providers.sandbox.wire import new_id


def open_dispute(
    store: Store, events: WebhookEvents, charge: JSON, reason: str, *, inquiry: bool = False, amount: int | None = None
) -> JSON:
    """A cardholder's bank takes the money back (or, for an inquiry, asks). Marks the charge."""
    dispute: JSON = {
        "id": new_id("du"),
        "object": "dispute",
        "amount": amount if amount is not None else charge["amount_captured"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": int(time.time()),
        "currency": charge["currency"],
        "evidence": {},
        "evidence_details": {"due_by": int(time.time()) + 7 * 86400, "has_evidence": False, "submission_count": 0},
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }
    charge["disputed"] = True
    store.put(charge)
    store.put(dispute, parent=charge["payment_intent"])
    events.stripe("charge.dispute.created", dispute)
    return dispute
