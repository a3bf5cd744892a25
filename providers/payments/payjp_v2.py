"""PAY.JP's v2 API behind ``PaymentProvider``, through its generated SDK ``payjpv2``.

A payment is a PaymentFlow of a Customer that is made for it alone: a card can be confirmed from the server only when
a customer owns it (docs.pay.jp/v2/api, "Confirm Payment Flow", ``payment_method_id``), and is kept that way for a
renewal. 3-D Secure is asked for by PAY.JP itself. PayPay is confirmed by the customer's browser with the
``client_secret``; its outcome comes by webhook.
"""

import hashlib
import json
import logging
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import payjpv2
from payjpv2 import ApiException
from pydantic import ValidationError
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError

from domain.errors import ForgedWebhook
from domain.payments.limits import ProviderLimits
from domain.payments.status import DisputeStatus, PaymentStatus, RefundStatus
from providers.errors import OutcomeUnknown, ProviderRefused, ProviderUnavailable
from providers.payments.interface import CaptureMethod, Intent, IntentRequest, Refund, WebhookEvent
from providers.payments.off_loop import OffLoop
from providers.payments.payjp_v2_objects import dispute_of, event_of, intent_of, refund_of
from providers.payments.payjp_webhooks import verified_event
from runtime.settings import Settings

#: Amounts: docs.pay.jp/v2/api, "Create Payment Flow". Authorisations: docs.pay.jp/v2/guide/status-management, page
#: auth-capture (7 days, 30 on request where the card allows it). Refunds: the same guide, page refund.
LIMITS = ProviderLimits(
    amounts={"JPY": (50, 9_999_999)},
    authorization=timedelta(days=30),
    foreign_authorization=timedelta(days=7),
    authentication=timedelta(minutes=30),
    refund=timedelta(days=180),
)

#: docs.pay.jp/v2/guide/developers/idempotency: letters, digits, ``-`` and ``_``, at most 255.
_NOT_IN_KEYS = re.compile(r"[^A-Za-z0-9_-]")

#: The earlier request with this key is not over, or PAY.JP did not know: a call with the same key finds out.
_ASK_AGAIN = frozenset({"idempotency_timeout", "idempotency_infrastructure_error"})

# At DEBUG these write bodies and headers.
for _name in ("payjpv2", "urllib3"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class PayjpV2Payments:
    """Built once per process and used in one event loop; ``aclose`` at the end."""

    name = "payjp_v2"
    limits = LIMITS

    def __init__(self, settings: Settings) -> None:
        self._token = settings.payjp_webhook_token
        self._off_loop = OffLoop("payjp-v2", settings.provider_timeout)
        self._timeout = (float(self._off_loop.connect_seconds), float(self._off_loop.read_seconds))
        configuration = payjpv2.Configuration(
            host=settings.payjp_base_url.rstrip("/"),
            access_token=settings.payjp_api_key.get_secret_value(),
            # The workflow retries, with what it knows of the outcome.
            retries=False,
        )
        client = payjpv2.ApiClient(configuration)
        self._flows = payjpv2.PaymentFlowsApi(client)
        self._refunds = payjpv2.PaymentRefundsApi(client)
        self._disputes = payjpv2.PaymentDisputesApi(client)
        self._methods = payjpv2.PaymentMethodsApi(client)
        self._customers = payjpv2.CustomersApi(client)

    async def aclose(self) -> None:
        """End the threads."""
        self._off_loop.close()

    async def create_intent(self, request: IntentRequest, key: str) -> Intent:
        """A customer for this payment and a flow that waits for a card or, where it is captured at once, PayPay.

        PayPay authorises only after an agreement with PAY.JP, so a flow that is captured later takes cards alone.
        """
        customer = await self._customer(key, request.metadata)
        return await self._new_flow(request.capture, request.amount.amount, customer, request.metadata, key)

    async def confirm_intent(self, intent_id: str, payment_method: str, return_url: str, key: str) -> Intent:
        """Confirm with a payment method (``pm_…``) of the browser. A declined card gives the Intent, failed.

        A flow that is settled already is given back as it is.
        """
        flow = await self._flow(intent_id)
        if _is_settled(flow):
            return await self._with_refunds(flow)
        await self._own(payment_method, str(flow["customer_id"]), key)
        body = {"payment_method_id": payment_method, "return_url": return_url}
        return await self._confirmed(intent_id, body, key)

    async def get_intent(self, intent_id: str) -> Intent:
        """What PAY.JP knows now; two more calls for a flow that took money."""
        return await self._with_refunds(await self._flow(intent_id))

    async def cancel_intent(self, intent_id: str, key: str) -> Intent:
        """Close or void. A flow that is past cancelling comes back as it is."""
        request = payjpv2.PaymentFlowCancelRequest()
        try:
            cancel = self._call(self._flows.cancel_payment_flow_with_http_info, intent_id, request, key=key)
            return intent_of(await cancel)
        except ProviderRefused:
            intent = await self.get_intent(intent_id)
            if intent.status in {PaymentStatus.REQUIRES_PAYMENT, PaymentStatus.FAILED, PaymentStatus.AUTHORIZED}:
                raise
            return intent

    async def capture_intent(self, intent_id: str, amount: int, key: str) -> Intent:
        """Capture ``amount`` yen; the rest is released."""
        request = payjpv2.PaymentFlowCaptureRequest(amount_to_capture=amount)
        return intent_of(await self._call(self._flows.capture_payment_flow_with_http_info, intent_id, request, key=key))

    async def reauthorize(self, intent_id: str, key: str, metadata: Mapping[str, str]) -> Intent:
        """A new flow on the customer's kept card, confirmed without the customer. PAY.JP forgets keys, so a flow that
        was made with this key before is looked for first."""
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
        request = _request(payjpv2.PaymentRefundCreateRequest, body)
        return refund_of(await self._call(self._refunds.create_payment_refund_with_http_info, request, key=key))

    async def find_refund(self, intent_id: str, refund_id: str) -> Refund | None:
        """Among the newest hundred of the flow."""
        refunds = await self._refunds_of(intent_id)
        return next((refund for refund in refunds if refund.metadata.get("refund_id") == refund_id), None)

    async def get_refund(self, refund_id: str) -> Refund:
        """What PAY.JP knows now."""
        return refund_of(await self._call(self._refunds.get_payment_refund_with_http_info, refund_id))

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookEvent:
        """Check the account's token and read the event. Never calls PAY.JP."""
        event = verified_event(body, headers, self._token.get_secret_value())
        try:
            return event_of(event)
        except (KeyError, TypeError, ValueError) as error:
            raise ForgedWebhook from error

    async def _flow(self, intent_id: str) -> dict[str, Any]:
        flow: dict[str, Any] = await self._call(self._flows.get_payment_flow_with_http_info, intent_id)
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
        request = _request(payjpv2.PaymentFlowCreateRequest, body)
        return intent_of(await self._call(self._flows.create_payment_flow_with_http_info, request, key=key))

    async def _customer(self, key: str, metadata: Mapping[str, str]) -> str:
        """The customer of the payment whose key this is; made once, because we choose its id."""
        customer = f"omo_{_plain(key)}"[:100]
        request = _request(payjpv2.CustomerCreateRequest, {"id": customer, "metadata": dict(metadata)})
        try:
            await self._call(self._customers.create_customer_with_http_info, request, key=f"{key}:customer")
        except ProviderRefused:
            await self._call(self._customers.get_customer_with_http_info, customer)
        return customer

    async def _own(self, method: str, customer: str, key: str) -> None:
        """Let the payment's customer own the card; one that it owns already is left alone."""
        found = await self._call(self._methods.get_payment_method_with_http_info, method)
        if found.get("customer_id") != customer:
            request = payjpv2.PaymentMethodAttachRequest(customer_id=customer)
            await self._call(self._methods.attach_payment_method_with_http_info, method, request, key=f"{key}:attach")

    async def _confirmed(self, flow_id: str, body: dict[str, Any], key: str) -> Intent:
        """The flow after a confirmation. The flow reports a refused card, not the error."""
        request = _request(payjpv2.PaymentFlowConfirmRequest, body)
        try:
            return intent_of(
                await self._call(self._flows.confirm_payment_flow_with_http_info, flow_id, request, key=key)
            )
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
        listed = await self._call(
            self._disputes.get_all_payment_disputes_with_http_info, payment_flow_id=str(flow["id"])
        )
        disputes = [dispute_of(raw) for raw in listed["data"]]
        return intent_of(flow, refunded, any(dispute.status is not DisputeStatus.WON for dispute in disputes))

    async def _refunds_of(self, flow_id: str) -> list[Refund]:
        listed = await self._call(self._flows.get_payment_flow_refunds_with_http_info, flow_id, limit=100)
        return [refund_of(raw) for raw in listed["data"]]

    async def _made_with(self, customer: str, key: str) -> dict[str, Any] | None:
        listed = await self._call(self._flows.get_all_payment_flows_with_http_info, limit=100, customer_id=customer)
        flows: list[dict[str, Any]] = listed["data"]
        return next((flow for flow in flows if (flow.get("metadata") or {}).get("renewal") == key), None)

    async def _call(self, method: Callable[..., Any], *arguments: Any, key: str | None = None, **more: Any) -> Any:
        """The answer as plain JSON. Raises one of ``providers.errors``, never the SDK's own, which hold bodies."""
        if key is not None:
            more["idempotency_key"] = _plain(key)

        def ask() -> Any:
            return json.loads(method(*arguments, request_timeout=self._timeout, **more).raw_data)

        try:
            return await self._off_loop.run(ask)
        except (ApiException, HTTPError, ValueError) as error:
            failure = _failure(error)
        raise failure


def _request(kind: type[Any], body: dict[str, Any]) -> Any:
    """A request's model. What the model refuses (an amount beyond the limits) is PAY.JP's refusal, before the call."""
    try:
        return kind.from_dict(body)
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"])
    raise ProviderRefused(f"invalid_{field}")


def _failure(error: Exception) -> OutcomeUnknown | ProviderRefused | ProviderUnavailable:
    """Which of the three it is. Codes: docs.pay.jp/v2/guide/developers/error-response and …/idempotency."""
    if isinstance(error, MaxRetryError) and error.reason is not None:
        error = error.reason
    if isinstance(error, (ConnectTimeoutError, NewConnectionError)):
        return ProviderUnavailable("not_connected")
    if not isinstance(error, ApiException):
        # No answer, or one that the SDK cannot read: something may have been done.
        return OutcomeUnknown("no_answer" if isinstance(error, HTTPError) else "unreadable_answer")
    status, code = int(error.status or 0), _code(error)
    if code in _ASK_AGAIN:
        return OutcomeUnknown(code)
    if status in {401, 403, 429}:
        return ProviderUnavailable(code)
    return ProviderRefused(code) if 400 <= status < 500 else OutcomeUnknown(code)


def _code(error: ApiException) -> str:
    """``code`` of the problem document, else the end of its ``type``."""
    try:
        problem = json.loads(error.body or "")
    except ValueError:
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    code = problem.get("code") or str(problem.get("type") or "").rpartition("/")[2].replace("-", "_")
    return str(code or f"http_{error.status}")


def _is_settled(flow: Mapping[str, Any]) -> bool:
    """Whether the flow has its outcome, or nobody can stop it."""
    return flow["status"] in {"processing", "requires_capture", "succeeded"}


def _plain(key: str) -> str:
    """The key in the characters that PAY.JP takes; a long one by its digest."""
    plain = _NOT_IN_KEYS.sub("_", key)
    return plain if len(plain) <= 255 else hashlib.sha256(plain.encode()).hexdigest()
