"""Each payment provider as the contract test uses it: an adapter, its test cards, and its customers' browsers."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from domain.money import Money
from providers.payments.interface import CaptureMethod, Intent, IntentRequest, PaymentProvider
from tests.support.sandbox import Sandbox

RETURN_URL = "https://salon.example/done"

#: What the contract needs a card for, by what the sandbox calls it at each provider.
CARDS: Mapping[str, Mapping[str, str]] = {
    "stripe": {
        "good": "pm_card_visa",
        "declined": "pm_card_chargeDeclined",
        "challenge": "pm_card_threeDSecure2Required",
        "challenge-declined": "pm_card_threeDSecureRequiredChargeDeclined",
        "declined-later": "pm_sandbox_declinedLater",
        "slow-refund": "pm_card_pendingRefund",
        "refund-fails": "pm_card_refundFail",
    },
    "payjp_v1": {
        "good": "tok_visa",
        "declined": "tok_declined",
        "challenge": "tok_challenge",
        "challenge-declined": "tok_challenge-declined",
        "declined-later": "tok_declined-later",
    },
    "payjp_v2": {
        "good": "pm_visa",
        "declined": "pm_declined",
        "challenge": "pm_challenge",
        "challenge-declined": "pm_challenge-declined",
        "declined-later": "pm_declined-later",
        "slow-refund": "pm_pending-refund",
        "refund-fails": "pm_refund-fails",
    },
}
#: What faults and counters of the sandbox call an operation.
OPERATIONS: Mapping[str, Mapping[str, str]] = {
    "stripe": {
        "create": "payment_intents.create",
        "confirm": "payment_intents.confirm",
        "capture": "payment_intents.capture",
        "cancel": "payment_intents.cancel",
        "retrieve": "payment_intents.retrieve",
        "refund": "refunds.create",
    },
    "payjp_v1": {
        "create": "payjp_v1.customers.create",
        "confirm": "payjp_v1.charges.create",
        "capture": "payjp_v1.charges.capture",
        "cancel": "payjp_v1.customers.update",
        "retrieve": "payjp_v1.customers.retrieve",
        "refund": "payjp_v1.charges.refund",
    },
    "payjp_v2": {
        "create": "payjp_v2.payment_flows.create",
        "confirm": "payjp_v2.payment_flows.confirm",
        "capture": "payjp_v2.payment_flows.capture",
        "cancel": "payjp_v2.payment_flows.cancel",
        "retrieve": "payjp_v2.payment_flows.retrieve",
        "refund": "payjp_v2.payment_refunds.create",
    },
}


def new_key() -> str:
    """As our keys look: ids with colons between."""
    return f"{uuid.uuid4()}:capture:{uuid.uuid4()}"


@dataclass
class AdapterCase:
    """One provider. ``pay`` goes all the way, as a customer who does what the bank asks."""

    adapter: PaymentProvider
    sandbox: Sandbox

    def card(self, kind: str) -> str:
        """A card of this kind; each is used once."""
        return f"{CARDS[self.adapter.name][kind]}{'' if self.adapter.name == 'stripe' else '_' + uuid.uuid4().hex}"

    def operation(self, call: str) -> str:
        """The sandbox's name of a call."""
        return OPERATIONS[self.adapter.name][call]

    def calls(self, call: str) -> int:
        """How often the provider was called."""
        count: int = self.sandbox.get("/sandbox/state")["calls"].get(self.operation(call), 0)
        return count

    async def open(self, capture: CaptureMethod = CaptureMethod.AUTOMATIC, amount: int = 5000) -> Intent:
        """A new intent with the metadata of ours."""
        payment_id = str(uuid.uuid4())
        request = IntentRequest(Money(amount), capture, {"payment_id": payment_id, "booking_id": "b-1"})
        return await self.adapter.create_intent(request, payment_id)

    async def pay(
        self, kind: str = "good", capture: CaptureMethod = CaptureMethod.AUTOMATIC, amount: int = 5000
    ) -> Intent:
        """Confirm, answer the bank's question with yes, confirm again as the browser does on its way back."""
        intent = await self.open(capture, amount)
        method = self.card(kind)
        asked = await self.adapter.confirm_intent(intent.id, method, RETURN_URL, new_key())
        if asked.action_url is None:
            return asked
        self.answer(asked.action_url, "authorize")
        return await self.adapter.confirm_intent(intent.id, method, RETURN_URL, new_key())

    def answer(self, action_url: str, end: str) -> str:
        """The customer opens the bank's page and presses a button, if there is one; where the browser goes then."""
        page = self.sandbox.http.get(action_url)
        if page.is_redirect:
            return page.headers["location"]
        assert "Succeed" in page.text
        button = page.text.partition('action="')[2].partition('/authorize"')[0]
        back = self.sandbox.http.post(f"{self.sandbox.url}{button}/{end}")
        assert back.status_code == 303, back.text
        return back.headers["location"]
