"""PAY.JP's v2 API behind ``PaymentProvider``, through its generated SDK ``payjpv2``.

A payment is a PaymentFlow of a Customer that is made for it alone: a card can be confirmed from the server only when
a customer owns it (docs.pay.jp/v2/api, "Confirm Payment Flow", ``payment_method_id``), and stays stored for a
renewal. PAY.JP itself decides about 3-D Secure. PayPay is confirmed by the customer's browser with the
``client_secret``; its outcome comes by webhook.
"""

import hashlib
import re
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from domain.errors import ForgedWebhook
from domain.payments.dispute_evidence import EvidenceFile, EvidenceTexts
from domain.payments.status import DisputeStatus, PaymentStatus, RefundStatus
from domain.payments.vouchers import VoucherOrder
from providers.errors import ProviderRefused
from providers.payments.interface import (
    CaptureMethod,
    Checkout,
    CheckoutRequest,
    EntryPage,
    Intent,
    IntentPage,
    IntentRequest,
    PayoutPage,
    Refund,
    WebhookEvent,
)
from providers.payments.limits import PAYJP_V2
from providers.payments.off_loop import OffLoop
from providers.payments.payjp_v2_balance import entries_of_statements, entry_of, payout_of, terms_of
from providers.payments.payjp_v2_body import Body
from providers.payments.payjp_v2_objects import checkout_of, dispute_of, event_of, intent_of, refund_of
from providers.payments.payjp_webhooks import verified_event
from runtime.settings import Settings
from runtime.starting import deferred

if TYPE_CHECKING:
    from providers.payments import payjp_v2_client
else:
    # Loaded by the first call, in its thread: many processes never make a call.
    payjp_v2_client = deferred("providers.payments.payjp_v2_client")

#: docs.pay.jp/v2/guide/developers/idempotency: letters, digits, ``-`` and ``_``, at most 255.
_NOT_IN_KEYS = re.compile(r"[^A-Za-z0-9_-]")


class PayjpV2Payments:
    """Built once per process and used in one event loop; ``aclose`` at the end."""

    name = "payjp_v2"
    limits = PAYJP_V2
    takes_evidence = False

    def __init__(self, settings: Settings) -> None:
        self._tokens = (settings.payjp_webhook_token, settings.payjp_webhook_previous_token)
        self._off_loop = OffLoop("payjp-v2", settings.provider_timeout)
        self._settings = settings
        self._lock = threading.Lock()
        self._client: payjp_v2_client.Client | None = None

    async def aclose(self) -> None:
        """End the threads."""
        self._off_loop.close()

    async def create_intent(self, request: IntentRequest, key: str) -> Intent:
        """A customer for this payment and a flow that waits for a card or, where it is captured at once, PayPay.

        PayPay authorizes only after an agreement with PAY.JP, so a flow that is captured later takes cards alone.
        """
        customer = await self._customer(key, request.metadata)
        return await self._new_flow(request.capture, request.amount.amount, customer, request.metadata, key)

    async def confirm_intent(self, intent_id: str, payment_method: str, return_url: str, key: str) -> Intent:
        """Confirm with a payment method (``pm_…``) of the browser. A declined card gives the Intent, failed.

        A flow that is settled already is returned unchanged.
        """
        flow = await self._flow(intent_id)
        if _is_settled(flow):
            return await self._with_refunds(flow)
        await self._attach(payment_method, str(flow["customer_id"]), key)
        body = {"payment_method_id": payment_method, "return_url": return_url}
        return await self._confirmed(intent_id, body, key)

    async def make_voucher(self, intent_id: str, order: VoucherOrder, key: str) -> Intent:
        """PAY.JP has no payment at convenience stores (its payment methods are card, PayPay and Apple Pay)."""
        raise ProviderRefused("voucher_not_offered")

    async def open_checkout(self, request: CheckoutRequest, key: str) -> Checkout:
        """A Checkout Session (docs.pay.jp/v2/api, "Create Checkout Session"; schema CheckoutSessionCreateRequest). It
        ends within 24 hours. Its flow has our metadata and is captured at once, so PayPay is offered too."""
        price = {
            "currency": "jpy",
            "unit_amount": request.amount.amount,
            "product_data": {"name": request.item},
        }
        about = dict(request.metadata)
        body = {
            "mode": "payment",
            "currency": "jpy",
            "line_items": [{"price_data": price, "quantity": 1}],
            "metadata": about,
            "payment_flow_data": {"capture_method": CaptureMethod.AUTOMATIC.value, "metadata": about},
            "success_url": request.return_url,
            "cancel_url": request.return_url,
            "expires_at": request.expires_at,
            "submit_type": "book",
            # The client secret is for nobody on the way back.
            "redirect_options": {"include_client_secret": False},
        }
        asked = Body("CheckoutSessionCreateRequest", body)
        return checkout_of(await self._call("checkouts.create_checkout_session", asked, key=key))

    async def get_checkout(self, checkout_id: str) -> Checkout:
        """The present state at PAY.JP."""
        return checkout_of(await self._call("checkouts.get_checkout_session", checkout_id))

    async def close_checkout(self, checkout_id: str, key: str) -> Intent | None:
        """End the session, then its flow, which a customer at 3-D Secure may still be paying."""
        try:
            closed = checkout_of(await self._call("checkouts.expire_checkout_session", checkout_id, key=key))
        except ProviderRefused:
            closed = await self.get_checkout(checkout_id)
            if closed.is_open:
                raise
        if closed.intent_id is None:
            # The customer may have chosen how to pay between the two calls.
            closed = await self.get_checkout(checkout_id)
        return None if closed.intent_id is None else await self.cancel_intent(closed.intent_id, f"{key}:flow")

    async def get_intent(self, intent_id: str) -> Intent:
        """The present state at PAY.JP; two more calls for a flow that took money."""
        return await self._with_refunds(await self._flow(intent_id))

    async def cancel_intent(self, intent_id: str, key: str) -> Intent:
        """Close or void. A flow that cannot be cancelled any more is returned unchanged."""
        request = Body("PaymentFlowCancelRequest", {})
        try:
            cancel = self._call("flows.cancel_payment_flow", intent_id, request, key=key)
            return intent_of(await cancel)
        except ProviderRefused:
            intent = await self.get_intent(intent_id)
            if intent.status in {PaymentStatus.REQUIRES_PAYMENT, PaymentStatus.FAILED, PaymentStatus.AUTHORIZED}:
                raise
            return intent

    async def capture_intent(self, intent_id: str, amount: int, key: str) -> Intent:
        """Capture ``amount`` yen; the rest is released."""
        request = Body("PaymentFlowCaptureRequest", {"amount_to_capture": amount})
        return intent_of(await self._call("flows.capture_payment_flow", intent_id, request, key=key))

    async def reauthorize(self, intent_id: str, key: str, metadata: Mapping[str, str]) -> Intent:
        """A new flow on the customer's stored card, confirmed without the customer. PAY.JP forgets keys, so it first
        looks for a flow that was made with this key before."""
        old = await self._flow(intent_id)
        method, customer = old.get("payment_method_id"), old.get("customer_id")
        if not method or not customer:
            raise ProviderRefused("no_card")
        flow = await self._made_with(str(customer), key)
        if flow is None:
            about = {**metadata, "renewal": key}
            capture = CaptureMethod.MANUAL
            intent = await self._new_flow(capture, int(old["amount"]), str(customer), about, key)
            flow = {"id": intent.id, "status": "requires_payment_method"}
        if _is_settled(flow) or flow["status"] == "canceled" or flow.get("last_payment_error"):
            return intent_of(flow)
        return await self._confirmed(str(flow["id"]), {"payment_method_id": method}, f"{key}:confirm")

    async def create_refund(self, intent_id: str, amount: int, key: str, metadata: Mapping[str, str]) -> Refund:
        """Refund ``amount`` yen. More than is left is ``ProviderRefused``."""
        body = {"payment_flow_id": intent_id, "amount": amount, "metadata": dict(metadata)}
        request = Body("PaymentRefundCreateRequest", body)
        return refund_of(await self._call("refunds.create_payment_refund", request, key=key))

    async def find_refund(self, intent_id: str, refund_id: str) -> Refund | None:
        """Among the newest hundred of the flow."""
        refunds = await self._refunds_of(intent_id)
        return next((refund for refund in refunds if refund.metadata.get("refund_id") == refund_id), None)

    async def get_refund(self, refund_id: str) -> Refund:
        """The present state at PAY.JP."""
        return refund_of(await self._call("refunds.get_payment_refund", refund_id))

    async def list_intents(self, since: datetime, until: datetime, cursor: str | None) -> IntentPage:
        """The intents of a hundred flows. PAY.JP filters by no time, so the pages end at the first flow that is older;
        two more calls for each flow that took money."""
        after = {} if cursor is None else {"starting_after": cursor}
        listed = await self._call("flows.get_all_payment_flows", limit=100, **after)
        flows = [flow for flow in listed["data"] if since <= datetime.fromisoformat(flow["created_at"]) < until]
        oldest = listed["data"][-1] if listed["data"] else None
        goes_on = oldest is not None and datetime.fromisoformat(oldest["created_at"]) >= since
        intents = tuple([await self._with_refunds(flow) for flow in flows])
        return IntentPage(intents, str(oldest["id"]) if oldest and goes_on and listed["has_more"] else None)

    async def send_evidence(
        self, dispute_id: str, evidence: EvidenceTexts, files: Sequence[EvidenceFile], key: str
    ) -> None:
        """PAY.JP's API takes none: its object PaymentDispute can be read and not changed (the SDK's
        ``PaymentDisputesApi`` has ``get_all_payment_disputes`` and ``get_payment_dispute``)."""
        raise ProviderRefused("evidence_by_hand")

    async def list_payouts(self, since: datetime, until: datetime, cursor: str | None) -> PayoutPage:
        """A hundred balances; one that is still collecting is no payout yet."""
        after = {} if cursor is None else {"starting_after": cursor}
        listed = await self._call("balances.get_all_balances", limit=100, since=since, until=until, **after)
        payouts = tuple(payout_of(raw) for raw in listed["data"] if raw["state"] != "collecting")
        # PAY.JP does not say whether its bounds are inclusive.
        payouts = tuple(one for one in payouts if since <= one.made_at < until)
        return PayoutPage(payouts, str(listed["data"][-1]["id"]) if listed["has_more"] else None)

    async def list_entries(self, payout_id: str, cursor: str | None) -> EntryPage:
        """A page of the transactions of one term; the lines about no term come with the first page. A call for each
        refund and dispute, because a transaction names them and not their flow. ``cursor``: the number of the term, and
        the last transaction of the page before."""
        balance = await self._call("balances.get_balance", payout_id)
        terms = terms_of(balance)
        number, _, last = (cursor or "0:").partition(":")
        entries = list(entries_of_statements(balance)) if cursor is None else []
        if int(number) >= len(terms):
            return EntryPage(tuple(entries), None)
        after = {"starting_after": last} if last else {}
        name = "transactions.get_all_payment_transactions"
        listed = await self._call(name, limit=100, term_id=terms[int(number)], **after)
        entries += [entry_of(raw, await self._flow_of(raw)) for raw in listed["data"]]
        if listed["has_more"]:
            return EntryPage(tuple(entries), f"{number}:{listed['data'][-1]['id']}")
        is_last = int(number) + 1 >= len(terms)
        return EntryPage(tuple(entries), None if is_last else f"{int(number) + 1}:")

    async def _flow_of(self, transaction: Mapping[str, Any]) -> str | None:
        resource = str(transaction["resource_id"])
        match transaction["type"]:
            case "payment":
                return resource
            case "refund":
                return (await self.get_refund(resource)).intent_id
            case "chargeback" | "chargeback_cancel":
                return str((await self._call("disputes.get_payment_dispute", resource))["payment_flow_id"])
            case _:
                return None

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookEvent:
        """Check the account's token and read the event. Never calls PAY.JP."""
        event = verified_event(body, headers, self._tokens)
        try:
            return event_of(event)
        except (KeyError, TypeError, ValueError) as error:
            raise ForgedWebhook from error

    async def _flow(self, intent_id: str) -> dict[str, Any]:
        flow: dict[str, Any] = await self._call("flows.get_payment_flow", intent_id)
        return flow

    async def _new_flow(
        self, capture: CaptureMethod, amount: int, customer: str, metadata: Mapping[str, str], key: str
    ) -> Intent:
        card = {"request_three_d_secure": "automatic"}
        body: dict[str, Any] = {
            "amount": amount,
            "currency": "jpy",
            "customer_id": customer,
            "capture_method": capture.value,
            "payment_method_options": {"card": card},
            "metadata": dict(metadata),
        }
        if capture is CaptureMethod.MANUAL:
            body["payment_method_types"] = ["card"]
            card["request_extended_authorization"] = "if_available"
        request = Body("PaymentFlowCreateRequest", body)
        return intent_of(await self._call("flows.create_payment_flow", request, key=key))

    async def _customer(self, key: str, metadata: Mapping[str, str]) -> str:
        """The customer of the payment with this key; made once, because we choose its id."""
        customer = f"omo_{_plain(key)}"[:100]
        request = Body("CustomerCreateRequest", {"id": customer, "metadata": dict(metadata)})
        try:
            await self._call("customers.create_customer", request, key=f"{key}:customer")
        except ProviderRefused:
            await self._call("customers.get_customer", customer)
        return customer

    async def _attach(self, method: str, customer: str, key: str) -> None:
        """Attach the card to the payment's customer, unless it is attached already."""
        found = await self._call("methods.get_payment_method", method)
        if found.get("customer_id") != customer:
            request = Body("PaymentMethodAttachRequest", {"customer_id": customer})
            await self._call("methods.attach_payment_method", method, request, key=f"{key}:attach")

    async def _confirmed(self, flow_id: str, body: dict[str, Any], key: str) -> Intent:
        """The flow after a confirmation. The flow reports a refused card, not the error."""
        request = Body("PaymentFlowConfirmRequest", body)
        try:
            return intent_of(await self._call("flows.confirm_payment_flow", flow_id, request, key=key))
        except ProviderRefused:
            intent = intent_of(await self._flow(flow_id))
            if intent.decline_code is None:
                raise
            return intent

    async def _with_refunds(self, flow: Mapping[str, Any]) -> Intent:
        if not flow.get("amount_received"):
            return intent_of(flow)
        refunds = await self._refunds_of(str(flow["id"]))
        refunded = sum(refund.amount for refund in refunds if refund.status is not RefundStatus.FAILED)
        listed = await self._call("disputes.get_all_payment_disputes", payment_flow_id=str(flow["id"]))
        disputes = [dispute_of(raw) for raw in listed["data"]]
        return intent_of(flow, refunded, any(dispute.status is not DisputeStatus.WON for dispute in disputes))

    async def _refunds_of(self, flow_id: str) -> list[Refund]:
        listed = await self._call("flows.get_payment_flow_refunds", flow_id, limit=100)
        return [refund_of(raw) for raw in listed["data"]]

    async def _made_with(self, customer: str, key: str) -> dict[str, Any] | None:
        listed = await self._call("flows.get_all_payment_flows", limit=100, customer_id=customer)
        flows: list[dict[str, Any]] = listed["data"]
        return next((flow for flow in flows if (flow.get("metadata") or {}).get("renewal") == key), None)

    async def _call(self, name: str, *arguments: Any, key: str | None = None, **more: Any) -> Any:
        """The answer as plain JSON. Raises one of ``providers.errors``."""
        if key is not None:
            more["idempotency_key"] = _plain(key)
        return await self._off_loop.run(lambda: self._connected().call(name, *arguments, **more))

    def _connected(self) -> "payjp_v2_client.Client":
        """The SDK, from the first call on: importing its models takes half a second of processor time, which processes
        whose businesses are paid elsewhere need not spend."""
        with self._lock:
            if self._client is None:
                waits = (float(self._off_loop.connect_seconds), float(self._off_loop.read_seconds))
                self._client = payjp_v2_client.Client(self._settings, waits)
            return self._client


def _is_settled(flow: Mapping[str, Any]) -> bool:
    """Whether the flow has its outcome, or cannot be stopped any more."""
    return flow["status"] in {"processing", "requires_capture", "succeeded"}


def _plain(key: str) -> str:
    """The key in the characters that PAY.JP takes; a long one by its digest."""
    plain = _NOT_IN_KEYS.sub("_", key)
    return plain if len(plain) <= 255 else hashlib.sha256(plain.encode()).hexdigest()
