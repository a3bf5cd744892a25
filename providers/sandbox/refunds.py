"""Refunds and the end of disputes."""

import time
from collections.abc import Mapping
from typing import Any

from providers.sandbox import konbini
from providers.sandbox.cards import PAYMENT_METHODS
from providers.sandbox.disputes import open_dispute
from providers.sandbox.files import check_files
from providers.sandbox.intents import Answer, Intents
from providers.sandbox.store import JSON, Store
from providers.sandbox.webhook_events import WebhookEvents
from providers.sandbox.wire import StripeFailure, integer, metadata, missing, new_id

REASONS = frozenset({"duplicate", "fraudulent", "requested_by_customer"})


class Refunds:
    """Every method is one transaction of the caller's. Amounts are minor units."""

    def __init__(self, store: Store, events: WebhookEvents, intents: Intents) -> None:
        self._store = store
        self._events = events
        self._intents = intents

    def get(self, refund_id: str) -> JSON:
        refund = self._store.find("refund", refund_id)
        if refund is None:
            raise missing("refund", refund_id)
        return refund

    def create(self, params: Mapping[str, Any]) -> Answer:
        charge = self._charge_of(params)
        if params.get("reason") not in {None, *REASONS}:
            raise StripeFailure(400, "Invalid reason", param="reason", is_stored=False)
        left = charge["amount_captured"] - charge["amount_refunded"]
        given = integer(params, "amount")
        amount = left if given is None else given
        _check(charge, amount, left)
        fate = PAYMENT_METHODS[charge.get("_method") or charge["payment_method"]].refunds
        refund: JSON = {
            "id": new_id("re"),
            "object": "refund",
            "amount": amount,
            "balance_transaction": new_id("txn"),
            "charge": charge["id"],
            "created": int(time.time()),
            "currency": charge["currency"],
            "destination_details": {"card": {"type": "refund", "reference_status": "pending"}, "type": "card"},
            "metadata": metadata(params),
            "payment_intent": charge["payment_intent"],
            "reason": params.get("reason"),
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": "succeeded" if fate == "succeeded" else "pending",
            "transfer_reversal": None,
        }
        if fate == "account":
            intent = self._intents.get(charge["payment_intent"])
            refund.update(status="requires_action", **konbini.account_asked(intent, int(time.time())))
            refund["destination_details"] = None
        self._store.put(refund, parent=charge["payment_intent"])
        self._add_refunded(charge, amount)
        self._events.stripe("refund.created", refund)
        self._events.stripe("charge.refunded", charge)
        if fate == "failed":
            # The answer still shows it pending, as a bank's refusal comes later.
            self.settle(refund["id"], success=False)
        return 200, refund

    def settle(self, refund_id: str, success: bool) -> Answer:
        """End a pending refund. The amount of a failed one is subtracted from the charge's refunds."""
        refund = self.get(refund_id)
        if refund["status"] != "pending":
            raise StripeFailure(400, f"This refund is {refund['status']}.")
        if success:
            refund["status"] = "succeeded"
        else:
            refund.update(status="failed", failure_reason="lost_or_stolen_card")
            charge = self._store.find("charge", refund["charge"])
            if charge is not None:
                self._add_refunded(charge, -refund["amount"])
        self._store.put(refund)
        self._events.stripe("refund.updated", refund)
        if not success:
            self._events.stripe("refund.failed", refund)
        return 200, refund

    def account_given(self, refund_id: str) -> Answer:
        """The customer has named a bank account to Stripe."""
        refund = self._waiting(refund_id)
        refund.update(status="pending", next_action=None)
        self._store.put(refund)
        self._events.stripe("refund.updated", refund)
        return 200, refund

    def account_missing(self, refund_id: str) -> Answer:
        """45 days have passed: the refund fails, and the money is the business's again."""
        refund = self._waiting(refund_id)
        refund.update(status="pending", next_action=None)
        self._store.put(refund)
        return self.settle(refund_id, success=False)

    def _waiting(self, refund_id: str) -> JSON:
        refund = self.get(refund_id)
        if refund["status"] != "requires_action":
            raise StripeFailure(400, f"This refund is {refund['status']}.")
        return refund

    def dispute(self, intent_id: str, reason: str, amount: int | None) -> JSON:
        """Open a dispute about a paid intent."""
        intent = self._intents.get(intent_id)
        charge = self._store.find("charge", intent["latest_charge"] or "")
        if charge is None or not charge["captured"] or charge["disputed"]:
            raise StripeFailure(400, "There is nothing to dispute.", code="charge_not_disputable")
        return open_dispute(self._store, self._events, charge, reason, amount=amount)

    def close_dispute(self, dispute_id: str, won: bool) -> JSON:
        """The bank's decision. ``charge.disputed`` stays set, as at Stripe."""
        dispute = self._store.find("dispute", dispute_id)
        if dispute is None:
            raise missing("dispute", dispute_id)
        inquiry = str(dispute["status"]).startswith("warning")
        dispute["status"] = "warning_closed" if inquiry and won else "won" if won else "lost"
        self._store.put(dispute)
        self._events.stripe("charge.dispute.closed", dispute)
        return dispute

    def answer_dispute(self, dispute_id: str, params: Mapping[str, Any]) -> Answer:
        """Take evidence, and submit it unless ``submit`` is false; that is final (Stripe API, "Update a dispute")."""
        dispute = self._store.find("dispute", dispute_id)
        if dispute is None:
            raise missing("dispute", dispute_id)
        details = dispute["evidence_details"]
        if dispute["status"] not in {"needs_response", "warning_needs_response"} or details["due_by"] <= time.time():
            raise StripeFailure(400, "This dispute can no longer be updated.", code="dispute_evidence_closed")
        given = params.get("evidence") or {}
        if any(len(str(value)) > 20_000 for value in given.values()):
            raise StripeFailure(400, "The evidence is too long.", param="evidence", is_stored=False)
        check_files(self._store, given)
        dispute["evidence"] = {**dispute["evidence"], **given}
        details["has_evidence"] = True
        if str(params.get("submit", "true")).lower() == "true":
            details["submission_count"] += 1
            dispute["status"] = str(dispute["status"]).replace("needs_response", "under_review")
        self._store.put(dispute)
        self._events.stripe("charge.dispute.updated", dispute)
        return 200, dispute

    def _charge_of(self, params: Mapping[str, Any]) -> JSON:
        if params.get("payment_intent"):
            intent = self._intents.get(str(params["payment_intent"]), "payment_intent")
            if intent["status"] not in {"succeeded", "requires_capture"}:
                message = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
                raise StripeFailure(400, message, code="payment_intent_unexpected_state", param="payment_intent")
            charge_id = str(intent["latest_charge"])
        elif params.get("charge"):
            charge_id = str(params["charge"])
        else:
            message = "One of the following params should be provided for this request: payment_intent or charge."
            raise StripeFailure(400, message, code="parameter_missing", is_stored=False)
        charge = self._store.find("charge", charge_id)
        if charge is None:
            raise missing("charge", charge_id, "charge")
        return charge

    def _add_refunded(self, charge: JSON, amount: int) -> None:
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] >= charge["amount_captured"]
        self._store.put(charge)


def _check(charge: JSON, amount: int, left: int) -> None:
    if not charge["captured"]:
        raise StripeFailure(400, f"Charge {charge['id']} is not captured.", code="charge_not_refundable")
    if charge["disputed"]:
        raise StripeFailure(400, f"Charge {charge['id']} has been charged back.", code="charge_disputed")
    if left <= 0:
        message = f"Charge {charge['id']} has already been refunded."
        raise StripeFailure(400, message, code="charge_already_refunded")
    if amount < 1:
        raise StripeFailure(400, "Invalid positive integer", code="parameter_invalid_integer", param="amount")
    if amount > left:
        message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise StripeFailure(400, message, code="amount_too_large", param="amount")
