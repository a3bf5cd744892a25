"""Stripe behind ``PaymentProvider``. Amounts go through unchanged: both sides count minor units, and JPY has none."""

import contextlib
import json
import logging
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import stripe
from stripe import RequestOptions
from stripe.params import (
    BalanceTransactionListParams,
    CustomerCreateParams,
    DisputeUpdateParams,
    PaymentIntentConfirmParams,
    PaymentIntentCreateParams,
    PaymentIntentListParams,
    PayoutListParams,
)

from domain.errors import ForgedWebhook
from domain.payments.dispute_evidence import EvidenceFile, EvidenceTexts
from domain.payments.status import SECURED, DisputeStatus, PaymentStatus
from domain.payments.vouchers import VoucherOrder
from providers.errors import OutcomeUnknown, ProviderError, ProviderRefused, ProviderUnavailable
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
from providers.payments.limits import STRIPE
from providers.payments.stripe_balance import PAYOUT_ITSELF, entry_of, payout_of
from providers.payments.stripe_evidence import add_file, evidence_fields, submission_key, upload_of
from providers.payments.stripe_objects import dispute_of, event_of, id_of, intent_of, refund_of
from providers.payments.stripe_transport import NoAnswer, Transport
from runtime.settings import Settings

#: The dated version whose shapes ``stripe_objects`` reads. The account's default never decides; the webhook endpoint
#: must be created with the same version.
API_VERSION = "2026-10-28.endive"

# Every answer with an intent says what was captured and refunded, so that no second call is needed.
_EXPAND = ["latest_charge"]

# Names, in the metadata of an intent, the key that it was made with.
_RENEWAL = "renewal"

# At DEBUG these write bodies and headers: client secrets and the API key.
for _name in ("stripe", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

# Otherwise the SDK writes an id file into the home folder and sends the durations of earlier calls along.
stripe.enable_telemetry = False

T = TypeVar("T")


def _now() -> datetime:
    return datetime.now(UTC)


class StripePayments:
    """Built once per process and used in one event loop; ``aclose`` at the end."""

    name = "stripe"
    limits = STRIPE
    takes_evidence = True

    def __init__(self, settings: Settings) -> None:
        self._secrets = (settings.stripe_webhook_secret, settings.stripe_webhook_previous_secret)
        self._tolerance = int(settings.webhook_tolerance.total_seconds())
        self._transport = Transport(settings.provider_timeout)
        client = stripe.StripeClient(
            settings.stripe_api_key.get_secret_value(),
            stripe_version=API_VERSION,
            base_addresses={
                "api": settings.stripe_base_url.rstrip("/"),
                "files": settings.stripe_files_base_url.rstrip("/"),
            },
            http_client=self._transport,
            max_network_retries=0,
        )
        self._intents = client.v1.payment_intents
        self._refunds = client.v1.refunds
        self._disputes = client.v1.disputes
        self._files = client.v1.files
        self._payouts = client.v1.payouts
        self._balance = client.v1.balance_transactions
        self._methods = client.v1.payment_methods
        self._customers = client.v1.customers

    async def aclose(self) -> None:
        """Close the pooled connections."""
        await self._transport.close_async()

    async def create_intent(self, request: IntentRequest, key: str) -> Intent:
        """Create an intent that waits for a card (cards only: other methods settle after a hold is over).

        A card that is to be kept belongs to no Customer yet; a Customer is made when it is used again (API reference,
        ``setup_future_usage``), which most holds never need.
        """
        asked: PaymentIntentCreateParams = {
            "amount": request.amount.amount,
            "currency": request.amount.currency.lower(),
            "capture_method": "manual" if request.capture is CaptureMethod.MANUAL else "automatic",
            "allowed_payment_method_types": ["card"],
            "metadata": dict(request.metadata),
            "expand": _EXPAND,
        }
        if request.keeps_card:
            asked["setup_future_usage"] = "off_session"
        return await self._intent(self._intents.create_async(asked, {"idempotency_key": key}))

    async def confirm_intent(self, intent_id: str, payment_method: str, return_url: str, key: str) -> Intent:
        """Confirm with a payment method. A declined card gives the Intent, failed, with its ``decline_code``; an intent
        that is settled already is returned unchanged."""
        answer = await _attempt(
            self._intents.confirm_async(
                intent_id,
                {"payment_method": payment_method, "return_url": return_url, "expand": _EXPAND},
                {"idempotency_key": key},
            )
        )
        if isinstance(answer, stripe.InvalidRequestError) and answer.code == "payment_intent_unexpected_state":
            intent = await self.get_intent(intent_id)
            if intent.status in SECURED or intent.status is PaymentStatus.PROCESSING:
                return intent
        return _confirmed(answer)

    async def make_voucher(self, intent_id: str, order: VoucherOrder, key: str) -> Intent:
        """Confirm with Konbini (docs.stripe.com/payments/konbini/accept-a-payment, "Submit the payment to Stripe from
        your server"). Stripe shows the name at the store and writes to the address if the money goes back."""
        asked: PaymentIntentConfirmParams = {
            "allowed_payment_method_types": ["card", "konbini"],
            "payment_method_data": {
                "type": "konbini",
                "billing_details": {"name": order.name, "email": order.email},
            },
            "payment_method_options": {"konbini": {"expires_at": int(order.expires_at.timestamp())}},
            "expand": _EXPAND,
        }
        answer = await _attempt(self._intents.confirm_async(intent_id, asked, {"idempotency_key": key}))
        if isinstance(answer, stripe.InvalidRequestError) and answer.code == "payment_intent_unexpected_state":
            intent = await self.get_intent(intent_id)
            if intent.status in SECURED or intent.status is PaymentStatus.PROCESSING:
                return intent
        return _confirmed(answer)

    async def open_checkout(self, request: CheckoutRequest, key: str) -> Checkout:
        """This platform uses no page of Stripe's."""
        raise ProviderRefused("checkout_not_offered")

    async def get_checkout(self, checkout_id: str) -> Checkout:
        """None was opened."""
        raise ProviderRefused("checkout_not_offered")

    async def close_checkout(self, checkout_id: str, key: str) -> Intent | None:
        """None was opened."""
        return None

    async def get_intent(self, intent_id: str) -> Intent:
        """The present state at Stripe. One call; a second one for the rare intent that was ever disputed."""
        raw = _succeeded(await _attempt(self._intents.retrieve_async(intent_id, {"expand": _EXPAND}))).to_dict()
        intent = intent_of(raw)
        if intent.status is not PaymentStatus.DISPUTED:
            return intent
        disputes = _succeeded(await _attempt(self._disputes.list_async({"payment_intent": intent_id})))
        statuses = [dispute_of(dispute.to_dict()).status for dispute in disputes.data]
        return intent_of(raw, disputed=any(status is not DisputeStatus.WON for status in statuses))

    async def cancel_intent(self, intent_id: str, key: str) -> Intent:
        """Close or void. An intent that is past cancellation is returned unchanged: paid, cancelled or processing.

        A voucher that is being paid at a till cannot be cancelled (…/konbini/accept-a-payment, "Expiration and
        cancellation"): it is reported as processing, whatever code the refusal has."""
        answer = await _attempt(self._intents.cancel_async(intent_id, {"expand": _EXPAND}, {"idempotency_key": key}))
        if isinstance(answer, stripe.InvalidRequestError):
            intent = await self.get_intent(intent_id)
            if intent.voucher is not None:
                return replace(intent, status=PaymentStatus.PROCESSING, voucher=None)
            if answer.code == "payment_intent_unexpected_state":
                return intent
        return intent_of(_succeeded(answer).to_dict())

    async def capture_intent(self, intent_id: str, amount: int, key: str) -> Intent:
        """Capture ``amount`` minor units; Stripe releases the rest of the authorization at once."""
        return await self._intent(
            self._intents.capture_async(
                intent_id, {"amount_to_capture": amount, "expand": _EXPAND}, {"idempotency_key": key}
            )
        )

    async def reauthorize(self, intent_id: str, key: str, metadata: Mapping[str, str]) -> Intent:
        """A new intent on the same card, off session. Stripe forgets keys after a day, so it first looks for one that
        was made before."""
        old = _succeeded(await _attempt(self._intents.retrieve_async(intent_id))).to_dict()
        method = id_of(old.get("payment_method"))
        if not method:
            raise ProviderRefused("no_card")
        card = _succeeded(await _attempt(self._methods.retrieve_async(method))).to_dict()
        customer = id_of(card.get("customer"))
        made = await self._made_for(customer, key) if customer else None
        if made is not None:
            return made
        asked: PaymentIntentCreateParams = {
            "amount": int(old["amount"]),
            "currency": str(old["currency"]),
            "capture_method": "manual",
            "allowed_payment_method_types": ["card"],
            "customer": customer or await self._new_customer(method, key, metadata),
            "payment_method": method,
            "off_session": True,
            "confirm": True,
            "metadata": {**metadata, _RENEWAL: key},
            "expand": _EXPAND,
        }
        return _confirmed(await _attempt(self._intents.create_async(asked, {"idempotency_key": key})))

    async def create_refund(self, intent_id: str, amount: int, key: str, metadata: Mapping[str, str]) -> Refund:
        """Refund ``amount`` minor units. More than is left is ``ProviderRefused``."""
        answer = await _attempt(
            self._refunds.create_async(
                {"payment_intent": intent_id, "amount": amount, "metadata": dict(metadata)},
                {"idempotency_key": key},
            )
        )
        return refund_of(_succeeded(answer).to_dict())

    async def find_refund(self, intent_id: str, refund_id: str) -> Refund | None:
        """Among the newest hundred of the intent."""
        listed = _succeeded(await _attempt(self._refunds.list_async({"payment_intent": intent_id, "limit": 100})))
        refunds = [refund_of(raw) for raw in listed.to_dict()["data"]]
        return next((refund for refund in refunds if refund.metadata.get("refund_id") == refund_id), None)

    async def list_intents(self, since: datetime, until: datetime, cursor: str | None) -> IntentPage:
        """A hundred intents of any status, by their creation."""
        asked: PaymentIntentListParams = {
            "limit": 100,
            "created": {"gte": int(since.timestamp()), "lt": int(until.timestamp())},
            "expand": ["data.latest_charge"],
        }
        if cursor is not None:
            asked["starting_after"] = cursor
        listed = _succeeded(await _attempt(self._intents.list_async(asked))).to_dict()
        intents = tuple(intent_of(raw) for raw in listed["data"])
        return IntentPage(intents, intents[-1].id if listed["has_more"] else None)

    async def send_evidence(
        self, dispute_id: str, evidence: EvidenceTexts, files: Sequence[EvidenceFile], key: str
    ) -> None:
        """Submit it to the bank, with the ids of the files, which are uploaded first. Stripe forgets keys after a day,
        so it first looks whether it was submitted before (API reference, "Update a dispute": a submission is final,
        ``evidence_details.submission_count``)."""
        known = _succeeded(await _attempt(self._disputes.retrieve_async(dispute_id))).to_dict()
        if (known.get("evidence_details") or {}).get("submission_count"):
            return
        fields = evidence_fields(evidence)
        for file in files:
            upload = self._files.create_async(upload_of(file), {"idempotency_key": file.key(key)})
            add_file(fields, file.part, str(_succeeded(await _attempt(upload)).id))
        given: DisputeUpdateParams = {"evidence": fields, "submit": True}
        whole_key = submission_key(key, fields, _now())
        _succeeded(await _attempt(self._disputes.update_async(dispute_id, given, {"idempotency_key": whole_key})))

    async def list_payouts(self, since: datetime, until: datetime, cursor: str | None) -> PayoutPage:
        """A hundred payouts. Stripe says what an automatic one consists of (API reference, "List all balance
        transactions", ``payout``), so those that were ordered by hand are left out."""
        asked: PayoutListParams = {
            "limit": 100,
            "created": {"gte": int(since.timestamp()), "lt": int(until.timestamp())},
        }
        if cursor is not None:
            asked["starting_after"] = cursor
        listed = _succeeded(await _attempt(self._payouts.list_async(asked))).to_dict()
        payouts = tuple(payout_of(raw) for raw in listed["data"] if raw.get("automatic", True))
        return PayoutPage(payouts, str(listed["data"][-1]["id"]) if listed["has_more"] else None)

    async def list_entries(self, payout_id: str, cursor: str | None) -> EntryPage:
        """A hundred balance transactions of the payout, without the payout itself."""
        asked: BalanceTransactionListParams = {"payout": payout_id, "limit": 100, "expand": ["data.source"]}
        if cursor is not None:
            asked["starting_after"] = cursor
        listed = _succeeded(await _attempt(self._balance.list_async(asked))).to_dict()
        parts = [raw for raw in listed["data"] if raw.get("reporting_category") not in PAYOUT_ITSELF]
        entries = tuple(entry_of(raw) for raw in parts)
        return EntryPage(entries, str(listed["data"][-1]["id"]) if listed["has_more"] else None)

    async def get_refund(self, refund_id: str) -> Refund:
        """The present state at Stripe."""
        return refund_of(_succeeded(await _attempt(self._refunds.retrieve_async(refund_id))).to_dict())

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookEvent:
        """Verify the signature over ``body`` as it came, age included, and read it. Never calls Stripe.

        Raises ``ForgedWebhook`` for anything that the owner of the secret, or of the one before it, did not write
        within the tolerance. ``reason``: ``signature``, ``stale`` (right, but too old) or ``unreadable``.
        """
        signed = headers.get("stripe-signature")
        if not self._is_signed(body, signed, self._tolerance):
            raise ForgedWebhook({"reason": "stale" if self._is_signed(body, signed, None) else "signature"})
        try:
            return event_of(json.loads(body))
        except (ValueError, KeyError, TypeError):
            reason = "unreadable"
        raise ForgedWebhook({"reason": reason})

    def _is_signed(self, body: bytes, signed: str | None, tolerance: int | None) -> bool:
        """``tolerance`` in seconds; None: of any age."""
        for secret in self._secrets:
            if not secret.get_secret_value():
                continue
            with contextlib.suppress(stripe.SignatureVerificationError, UnicodeDecodeError):
                stripe.WebhookSignature.verify_header(body, signed, secret.get_secret_value(), tolerance)
                return True
        return False

    async def _made_for(self, customer: str, key: str) -> Intent | None:
        """What an earlier try with this key has made."""
        listed = _succeeded(await _attempt(self._intents.list_async({"customer": customer, "limit": 100})))
        for intent in listed.to_dict()["data"]:
            if intent["metadata"].get(_RENEWAL) == key:
                return await self.get_intent(intent["id"])
        return None

    async def _new_customer(self, method: str, key: str, metadata: Mapping[str, str]) -> str:
        """Only a Customer's card can be used off session. The Customer carries our ids and no name."""
        about: CustomerCreateParams = {"metadata": dict(metadata)}
        made = await _attempt(self._customers.create_async(about, {"idempotency_key": f"{key}:customer"}))
        customer = _succeeded(made).id
        options: RequestOptions = {"idempotency_key": f"{key}:attach"}
        _succeeded(await _attempt(self._methods.attach_async(method, {"customer": customer}, options)))
        return customer

    async def _intent(self, call: Awaitable[stripe.PaymentIntent]) -> Intent:
        return intent_of(_succeeded(await _attempt(call)).to_dict())


async def _attempt(call: Awaitable[T]) -> T | stripe.StripeError:
    """The answer or the SDK's error, returned as a value: the errors that we raise must not carry it as context,
    because it holds whole response bodies and they would end in a log."""
    try:
        return await call
    except stripe.StripeError as error:
        return error


def _confirmed(answer: stripe.PaymentIntent | stripe.StripeError) -> Intent:
    """A declined card is an answer too: its intent is in the error."""
    if isinstance(answer, stripe.CardError):
        declined = _body(answer).get("payment_intent")
        if isinstance(declined, Mapping):
            return intent_of(declined)
    return intent_of(_succeeded(answer).to_dict())


def _succeeded(answer: T | stripe.StripeError) -> T:
    if isinstance(answer, stripe.StripeError):
        raise _failure(answer)
    return answer


def _failure(error: stripe.StripeError) -> ProviderError:
    """The `ProviderError` for it. Statuses: Stripe API reference, "Errors"; 409 is another request with this key."""
    if isinstance(error, NoAnswer):
        return OutcomeUnknown("no_answer") if error.sent else ProviderUnavailable("not_connected")
    body = _body(error)
    status = error.http_status or 0
    reason = str(body.get("decline_code") or body.get("code") or body.get("type") or f"http_{status}")
    # A key that is refused is a mistake of ours: nothing was done, and a later try can succeed.
    if isinstance(error, stripe.RateLimitError) or status in (401, 403):
        return ProviderUnavailable(reason)
    if 400 <= status < 500 and status != 409:
        return ProviderRefused(reason)
    replayed = (error.headers or {}).get("idempotent-replayed") == "true"
    return OutcomeUnknown(reason, replayed=replayed and status >= 500)


def _body(error: stripe.StripeError) -> Mapping[str, Any]:
    outer = error.json_body
    inner = outer.get("error") if isinstance(outer, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}
