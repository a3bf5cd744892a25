"""PAY.JP's v1 API behind ``PaymentProvider``, over its SDK ``payjp``.

v1 has no idempotency keys. Three things take their place:

- an intent is a Customer whose id we choose, so that making it twice makes one, and its charges are those of this
  payment alone: a repeated call lists them before it makes one;
- a charge that the customer is present for is made with 3-D Secure and takes no money until it is finished, which is
  allowed once (pay.jp/docs/charge-tds). A charge that is never finished lapses after 30 minutes;
- what could take or return money twice (a renewal, a refund) is noted in metadata before the call. A noted call that
  is not seen at PAY.JP stays ``OutcomeUnknown`` and is never repeated: an operator has to check it.

The customer's browser comes back from 3-D Secure, and the payment is confirmed once more: that finishes the charge.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import jwt

from domain.errors import ForgedWebhook
from domain.payments.dispute_evidence import EvidenceFile, EvidenceTexts
from domain.payments.status import SECURED, PaymentStatus
from domain.payments.vouchers import VoucherOrder
from providers.errors import OutcomeUnknown, ProviderRefused, ProviderUnavailable
from providers.payments import payjp_v1_objects as objects
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
from providers.payments.limits import PAYJP_V1
from providers.payments.payjp_v1_balance import entries_of, payout_of
from providers.payments.payjp_v1_objects import Raw, RefundMark
from providers.payments.payjp_v1_transport import Transport
from providers.payments.payjp_webhooks import verified_event
from runtime.settings import Settings

#: Charges in one page of a list: the most that PAY.JP gives.
_PAGE = 100
#: Customer ids: letters, digits, ``-`` and ``_``.
_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_-]")


class PayjpV1Payments:
    """Built once per process and used in one event loop; ``aclose`` at the end."""

    name = "payjp_v1"
    limits = PAYJP_V1
    takes_evidence = False

    def __init__(self, settings: Settings) -> None:
        self._tokens = (settings.payjp_webhook_token, settings.payjp_webhook_previous_token)
        self._secret = settings.payjp_api_key
        self._public_key = settings.payjp_public_key
        self._base_url = settings.payjp_base_url.rstrip("/")
        self._transport = Transport(settings)

    async def aclose(self) -> None:
        """Close the pooled connections."""
        self._transport.close()

    async def create_intent(self, request: IntentRequest, key: str) -> Intent:
        """A customer who has no card yet."""
        if not PAYJP_V1.takes(request.amount):
            raise ProviderRefused("invalid_amount")
        customer_id = objects.INTENT + _plain(key)
        about = {
            **request.metadata,
            objects.AMOUNT: str(request.amount.amount),
            objects.CAPTURE: request.capture.value,
        }
        try:
            await self._transport.post("/customers", id=customer_id, metadata=about)
        except ProviderRefused as refused:
            if refused.reason != "already_exist_id":
                raise
        return await self.get_intent(customer_id)

    async def confirm_intent(self, intent_id: str, payment_method: str, return_url: str, key: str) -> Intent:
        """With a card's token (``tok_…``). The first time it gives the link to 3-D Secure; after it, the outcome."""
        customer, charges = await self._customer_and_charges(intent_id)
        intent = objects.intent_of(customer, charges, _now())
        if intent.status in SECURED or intent.status is PaymentStatus.REFUNDED:
            return intent
        if intent.status is PaymentStatus.VOIDED:
            raise ProviderRefused("closed")
        charge = self._waiting(charges, payment_method)
        if charge is not None and charge["three_d_secure_status"] in objects.FINISHABLE:
            return await self._finished(intent, charge)
        if charge is None:
            charge = await self._charge(customer, payment_method)
        return replace(intent, status=PaymentStatus.REQUIRES_PAYMENT, action_url=self._start_url(charge, return_url))

    async def make_voucher(self, intent_id: str, order: VoucherOrder, key: str) -> Intent:
        """PAY.JP has no payment at convenience stores (its payment methods are card, PayPay and Apple Pay)."""
        raise ProviderRefused("voucher_not_offered")

    async def open_checkout(self, request: CheckoutRequest, key: str) -> Checkout:
        """This platform uses no page of PAY.JP's v1."""
        raise ProviderRefused("checkout_not_offered")

    async def get_checkout(self, checkout_id: str) -> Checkout:
        """None was opened."""
        raise ProviderRefused("checkout_not_offered")

    async def close_checkout(self, checkout_id: str, key: str) -> Intent | None:
        """None was opened."""
        return None

    async def get_intent(self, intent_id: str) -> Intent:
        """The present state at PAY.JP."""
        if not intent_id.startswith(objects.INTENT):
            return objects.intent_of_charge(await self._transport.get(f"/charges/{intent_id}"), _now())
        customer, charges = await self._customer_and_charges(intent_id)
        return objects.intent_of(customer, charges, _now())

    async def cancel_intent(self, intent_id: str, key: str) -> Intent:
        """Close, so that nothing is charged or finished any more, and release an authorization."""
        if intent_id.startswith(objects.INTENT):
            await self._transport.post(f"/customers/{intent_id}", metadata={objects.CLOSED: "1"})
        intent = await self.get_intent(intent_id)
        if intent.status is PaymentStatus.AUTHORIZED:
            charge = await self._charge_of(intent_id)
            try:
                await self._transport.post(f"/charges/{charge['id']}/refund")
            except ProviderRefused as refused:
                if refused.reason != "already_refunded":
                    raise
            return await self.get_intent(intent_id)
        # A charge of a renewal that was refused cannot be paid any more.
        return replace(intent, status=PaymentStatus.VOIDED) if intent.status is PaymentStatus.FAILED else intent

    async def capture_intent(self, intent_id: str, amount: int, key: str) -> Intent:
        """Capture ``amount`` yen. PAY.JP adds what is released to ``amount_refunded``, so it is noted before."""
        charge = await self._charge_of(intent_id)
        if charge.get("captured"):
            captured, _ = objects.totals_of(charge)
            if objects.metadata_of(charge).get(objects.CAPTURE_KEY) != _plain(key) or captured != amount:
                raise ProviderRefused("already_captured")
            return await self.get_intent(intent_id)
        released = int(charge["amount"]) - amount
        about = {objects.CAPTURE_KEY: _plain(key), objects.RELEASED: str(released)}
        await self._transport.post(f"/charges/{charge['id']}", metadata=about)
        await self._transport.post(f"/charges/{charge['id']}/capture", amount=amount)
        return await self.get_intent(intent_id)

    async def reauthorize(self, intent_id: str, key: str, metadata: Mapping[str, str]) -> Intent:
        """A new charge on the stored card, without 3-D Secure because the customer is not present."""
        old = await self._charge_of(intent_id)
        customer_id, name = str(old["customer"]), _plain(key)
        customer = await self._transport.get(f"/customers/{customer_id}")
        made = await self._renewal(customer_id, name)
        if made is not None:
            return made
        if objects.metadata_of(customer).get(objects.RENEWAL_SENT) == name:
            raise OutcomeUnknown("renewal_not_seen")
        await self._note_renewal(customer_id, name)
        about = {**metadata, objects.RENEWAL: name}
        try:
            asked = self._request_charge(customer_id, old["card"], int(old["amount"]), CaptureMethod.MANUAL, about)
            return objects.intent_of_charge(await asked, _now())
        except (ProviderRefused, ProviderUnavailable) as failed:
            await self._note_renewal(customer_id, "not-sent")
            refused = await self._renewal(customer_id, name) if isinstance(failed, ProviderRefused) else None
            if refused is None:
                raise
            return refused

    async def create_refund(self, intent_id: str, amount: int, key: str, metadata: Mapping[str, str]) -> Refund:
        """Refund ``amount`` yen. More than is left is ``ProviderRefused``."""
        charge = await self._charge_of(intent_id)
        refund_id = metadata.get("refund_id") or _plain(key)
        known = self._refund_in(charge, refund_id)
        if known is not None:
            return known
        captured, refunded = objects.totals_of(charge)
        if not 0 < amount <= captured - refunded:
            raise ProviderRefused("invalid_refund_amount")
        mark = RefundMark(refund_id, amount, int(charge["amount_refunded"]))
        noted = await self._note_refund(charge, mark)
        if not _is_alone(noted, mark):
            await self._note_refund(charge, replace(mark, sent=False))
            raise ProviderUnavailable("another_refund")
        try:
            after = await self._transport.post(f"/charges/{charge['id']}/refund", amount=amount)
        except (ProviderRefused, ProviderUnavailable):
            await self._note_refund(charge, replace(mark, sent=False))
            raise
        return objects.refund_of(after, mark)

    async def find_refund(self, intent_id: str, refund_id: str) -> Refund | None:
        """A refund that was noted. Raises OutcomeUnknown for one that was asked for and is not seen at PAY.JP."""
        return self._refund_in(await self._charge_of(intent_id), refund_id)

    async def get_refund(self, refund_id: str) -> Refund:
        """``refund_id``: as ``create_refund`` named it, the charge and our own id."""
        charge_id, _, own = refund_id.partition(".")
        found = self._refund_in(await self._transport.get(f"/charges/{charge_id}"), own)
        if found is None:
            raise ProviderRefused("not_found")
        return found

    async def list_intents(self, since: datetime, until: datetime, cursor: str | None) -> IntentPage:
        """The intents of a hundred charges; a charge that no bank approved is none. ``since`` and ``until`` of PAY.JP
        are both inclusive, in seconds (pay.jp/docs/api, "支払いリストを取得")."""
        offset = int(cursor or 0)
        times = {"since": int(since.timestamp()), "until": int(until.timestamp()) - 1}
        listed = await self._transport.get("/charges", limit=_PAGE, offset=offset, **times)
        now = datetime.now(UTC)
        paid = tuple(objects.intent_of_charge(charge, now) for charge in listed["data"] if charge.get("paid"))
        return IntentPage(paid, str(offset + _PAGE) if listed["has_more"] else None)

    async def send_evidence(
        self, dispute_id: str, evidence: EvidenceTexts, files: Sequence[EvidenceFile], key: str
    ) -> None:
        """PAY.JP's API takes none: v1 has no disputes at all."""
        raise ProviderRefused("evidence_by_hand")

    async def list_payouts(self, since: datetime, until: datetime, cursor: str | None) -> PayoutPage:
        """A hundred transfers, by their creation."""
        offset = int(cursor or 0)
        times = {"since": int(since.timestamp()), "until": int(until.timestamp()) - 1}
        listed = await self._transport.get("/transfers", limit=_PAGE, offset=offset, **times)
        payouts = tuple(payout_of(raw) for raw in listed["data"])
        return PayoutPage(payouts, str(offset + _PAGE) if listed["has_more"] else None)

    async def list_entries(self, payout_id: str, cursor: str | None) -> EntryPage:
        """All of a transfer at once: its fees are known for the whole only. A call for each hundred charges."""
        transfer = await self._transport.get(f"/transfers/{payout_id}")
        charges: list[Raw] = []
        has_more = True
        while has_more:
            path = f"/transfers/{payout_id}/charges"
            listed = await self._transport.get(path, limit=_PAGE, offset=len(charges))
            charges += listed["data"]
            has_more = bool(listed["has_more"] and listed["data"])
        return EntryPage(entries_of(transfer, charges), None)

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookEvent:
        """Check the account's token and read the event. Never calls PAY.JP."""
        event = verified_event(body, headers, self._tokens)
        try:
            return objects.event_of(event, _now())
        except (KeyError, TypeError, ValueError) as error:
            raise ForgedWebhook from error

    async def _customer_and_charges(self, intent_id: str) -> tuple[dict[str, Any], list[Raw]]:
        """The customer of an intent and its charges, newest first, without renewals."""
        customer = await self._transport.get(f"/customers/{intent_id}")
        return customer, objects.own_charges(await self._charges(intent_id))

    async def _charges(self, customer_id: str) -> list[dict[str, Any]]:
        listed = await self._transport.get("/charges", customer=customer_id, limit=100)
        charges: list[dict[str, Any]] = listed["data"]
        return charges

    async def _charge_of(self, intent_id: str) -> Raw:
        """The charge that decides the intent's status. Raises ProviderRefused where nothing was charged."""
        if not intent_id.startswith(objects.INTENT):
            return await self._transport.get(f"/charges/{intent_id}")
        charge = objects.deciding_charge(objects.own_charges(await self._charges(intent_id)))
        if charge is None:
            raise ProviderRefused("no_charge")
        return charge

    def _waiting(self, charges: list[Raw], token: str) -> Raw | None:
        """The newest charge, if it is of this token and 3-D Secure is under way; an older one will lapse."""
        newest = charges[0] if charges else None
        if newest is None or not objects.is_pending(newest, _now()):
            return None
        return newest if objects.metadata_of(newest).get(objects.TOKEN) == token else None

    async def _charge(self, customer: Raw, token: str) -> dict[str, Any]:
        about = {
            name: value
            for name, value in objects.metadata_of(customer).items()
            if name not in {objects.AMOUNT, objects.CAPTURE, objects.RENEWAL_SENT}
        }
        about[objects.TOKEN] = token
        amount = int(objects.metadata_of(customer)[objects.AMOUNT])
        card, capture = await self._card(str(customer["id"]), token), objects.capture_of(customer)
        return await self._request_charge(str(customer["id"]), card, amount, capture, about, three_d_secure=True)

    async def _request_charge(
        self, customer_id: str, card: Raw, amount: int, capture: CaptureMethod, metadata: Mapping[str, str], **more: Any
    ) -> dict[str, Any]:
        if capture is CaptureMethod.MANUAL:
            longest = PAYJP_V1.authorization if card.get("country") == "JP" else PAYJP_V1.foreign_authorization
            more["expiry_days"] = longest.days
        return await self._transport.post(
            "/charges",
            amount=amount,
            currency="jpy",
            customer=customer_id,
            card=card["id"],
            capture=capture is CaptureMethod.AUTOMATIC,
            metadata=dict(metadata),
            **more,
        )

    async def _card(self, customer_id: str, token: str) -> Raw:
        """The token's card at the customer. It is added once, which uses the token up; afterwards its fingerprint finds
        it."""
        card: Raw = (await self._transport.get(f"/tokens/{token}"))["card"]
        listed = await self._transport.get(f"/customers/{customer_id}/cards", limit=100)
        for known in listed["data"]:
            if known["fingerprint"] == card["fingerprint"]:
                return known  # type: ignore[no-any-return]
        return await self._transport.post(f"/customers/{customer_id}/cards", card=token)

    async def _finished(self, intent: Intent, charge: Raw) -> Intent:
        """Take the money of a charge whose customer was authenticated."""
        try:
            await self._transport.post(f"/charges/{charge['id']}/tds_finish")
        except ProviderRefused as refused:
            after = await self.get_intent(intent.id)
            if after.status in SECURED or after.status is PaymentStatus.FAILED:
                return after
            return replace(after, status=PaymentStatus.FAILED, decline_code=refused.reason)
        return await self.get_intent(intent.id)

    async def _renewal(self, customer_id: str, name: str) -> Intent | None:
        for charge in await self._charges(customer_id):
            if objects.metadata_of(charge).get(objects.RENEWAL) == name:
                return objects.intent_of_charge(charge, _now())
        return None

    async def _note_renewal(self, customer_id: str, name: str) -> None:
        await self._transport.post(f"/customers/{customer_id}", metadata={objects.RENEWAL_SENT: name})

    async def _note_refund(self, charge: Raw, mark: RefundMark) -> Raw:
        name = objects.REFUND + hashlib.sha256(mark.refund_id.encode()).hexdigest()[:16]
        return await self._transport.post(f"/charges/{charge['id']}", metadata={name: mark.written()})

    def _refund_in(self, charge: Raw, refund_id: str) -> Refund | None:
        for mark in objects.refund_marks(charge):
            if mark.refund_id == refund_id and mark.is_made(charge):
                return objects.refund_of(charge, mark)
            if mark.refund_id == refund_id and mark.sent:
                raise OutcomeUnknown("refund_not_seen")
        return None

    def _start_url(self, charge: Raw, return_url: str) -> str:
        """Where 3-D Secure starts; the way back is signed with the secret key (pay.jp/docs/charge-tds)."""
        back = jwt.encode({"url": return_url}, self._secret.get_secret_value(), algorithm="HS256")
        query = urlencode({"publickey": self._public_key, "back_url": back})
        return f"{self._base_url}/v1/tds/{charge['id']}/start?{query}"


def _is_alone(charge: Raw, mark: RefundMark) -> bool:
    """Whether no other refund is under way. Two at a time could not be distinguished in the charge's total; of two
    that are noted at once, the later sees the earlier."""
    others = (other for other in objects.refund_marks(charge) if other.refund_id != mark.refund_id)
    is_unchanged = int(charge["amount_refunded"]) == mark.before
    return is_unchanged and not any(other.sent and not other.is_made(charge) for other in others)


def _now() -> datetime:
    return datetime.now(UTC)


def _plain(key: str) -> str:
    """The key in the characters of an id; a long one by its digest."""
    plain = _NOT_IN_IDS.sub("_", key)
    return plain if len(plain) <= 90 else hashlib.sha256(plain.encode()).hexdigest()
