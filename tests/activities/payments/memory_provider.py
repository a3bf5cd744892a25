"""A payment provider in memory that keeps the promises of ``PaymentProvider`` about keys and repeated calls."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from domain.payments.limits import ProviderLimits
from domain.payments.status import PaymentStatus, RefundStatus
from providers.errors import ProviderRefused
from providers.payments.interface import CaptureMethod, Intent, IntentPage, IntentRequest, Refund, WebhookEvent
from providers.payments.limits import STRIPE


@dataclass
class MemoryProvider:
    """``fails``: raised by the next call, after it had its effect if ``after`` is set. ``declines``: why a card that
    was kept is refused; ``until``: when what it promises lapses."""

    name: str = "stripe"
    limits: ProviderLimits = STRIPE
    fails: Exception | None = None
    after: bool = False
    refund_status: RefundStatus = RefundStatus.SUCCEEDED
    declines: str | None = None
    until: datetime | None = None
    intents: dict[str, Intent] = field(default_factory=dict)
    refunds: dict[str, Refund] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    requests: list[IntentRequest] = field(default_factory=list)
    _known: dict[str, Any] = field(default_factory=dict)

    def put(self, intent_id: str, status: PaymentStatus, captured: int = 0) -> None:
        """An intent over 6600 yen."""
        self.intents[intent_id] = Intent(intent_id, status, 6600, "JPY", captured, 0, None, None, None, {})

    async def create_intent(self, request: IntentRequest, key: str) -> Intent:
        self.asked.append(("create", key))
        self.requests.append(request)
        if key not in self._known:
            name = f"pi_{len(self.intents)}"
            money = request.amount
            status = PaymentStatus.REQUIRES_PAYMENT
            self.intents[name] = Intent(
                name, status, money.amount, money.currency, 0, 0, "secret", None, None, request.metadata
            )
            self._known[key] = name
        return self.intents[self._known[key]]

    async def confirm_intent(self, intent_id: str, payment_method: str, return_url: str, key: str) -> Intent:
        raise NotImplementedError

    async def get_intent(self, intent_id: str) -> Intent:
        self.asked.append(("get", intent_id))
        if intent_id not in self.intents:
            raise ProviderRefused("resource_missing")
        return self.intents[intent_id]

    async def list_intents(self, since: datetime, until: datetime, cursor: str | None) -> IntentPage:
        return IntentPage(tuple(self.intents.values()), None)

    async def cancel_intent(self, intent_id: str, key: str) -> Intent:
        self.asked.append(("cancel", key))
        intent = self.intents[intent_id]
        stoppable = {PaymentStatus.REQUIRES_PAYMENT, PaymentStatus.FAILED, PaymentStatus.AUTHORIZED}
        return self._end(intent, replace(intent, status=PaymentStatus.VOIDED) if intent.status in stoppable else intent)

    async def capture_intent(self, intent_id: str, amount: int, key: str) -> Intent:
        self.asked.append(("capture", key))
        intent = self.intents[intent_id]
        if key in self._known:
            return intent
        if intent.status is not PaymentStatus.AUTHORIZED:
            raise ProviderRefused("payment_intent_unexpected_state")
        self._known[key] = intent_id
        return self._end(intent, replace(intent, status=PaymentStatus.CAPTURED, captured=amount))

    async def reauthorize(self, intent_id: str, key: str, metadata: Mapping[str, str]) -> Intent:
        self.asked.append(("reauthorize", key))
        if self.fails is not None and not self.after:
            raise self.fails
        if key not in self._known:
            name, old = f"pi_{len(self.intents)}", self.intents[intent_id]
            status = PaymentStatus.FAILED if self.declines else PaymentStatus.AUTHORIZED
            self.intents[name] = replace(
                old, id=name, status=status, decline_code=self.declines, metadata=metadata, authorized_until=self.until
            )
            self._known[key] = name
        if self.fails is not None:
            raise self.fails
        return self.intents[self._known[key]]

    async def create_refund(self, intent_id: str, amount: int, key: str, metadata: Mapping[str, str]) -> Refund:
        self.asked.append(("refund", key))
        if self.fails is not None and not self.after:
            raise self.fails
        if key not in self._known:
            intent = self.intents.get(intent_id)
            if intent is not None:
                if amount > intent.captured - intent.refunded:
                    raise ProviderRefused("charge_already_refunded")
                self.intents[intent_id] = replace(intent, refunded=intent.refunded + amount)
            name = f"re_{len(self.refunds)}"
            self.refunds[name] = Refund(name, intent_id, self.refund_status, amount, None, dict(metadata))
            self._known[key] = name
        if self.fails is not None:
            raise self.fails
        return self.refunds[self._known[key]]

    async def find_refund(self, intent_id: str, refund_id: str) -> Refund | None:
        ours = [refund for refund in self.refunds.values() if refund.metadata.get("refund_id") == refund_id]
        return next((refund for refund in ours if refund.intent_id == intent_id), None)

    async def get_refund(self, refund_id: str) -> Refund:
        return self.refunds[refund_id]

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookEvent:
        raise NotImplementedError

    async def aclose(self) -> None:
        """Nothing to give back."""

    def _end(self, intent: Intent, ended: Intent) -> Intent:
        if self.fails is not None and not self.after:
            raise self.fails
        self.intents[intent.id] = ended
        if self.fails is not None:
            raise self.fails
        return ended


def is_manual(request: IntentRequest) -> bool:
    """Whether the intent waits for a capture."""
    return request.capture is CaptureMethod.MANUAL
