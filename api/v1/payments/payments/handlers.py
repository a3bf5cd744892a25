"""Opening an intent and confirming it. No transaction is open during calls to the provider.

Every step can be repeated: the row is found again, the provider knows its key, and an event is applied once.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from starlette.responses import Response

from api.access.callers import Access, ApiServices, Command
from api.http.answer_secrets import data_of, with_secret
from api.http.envelope import created, ok
from api.http.idempotency import Key, Replay, command_id, store_response
from api.http.operation_errors import raises
from api.v1.payments.payments.schemas import ConfirmedRead, ConfirmPaymentCommand, IntentRead
from api.v1.payments.payments.voucher_schemas import VoucherRead
from db.engine.session import Scope
from domain.errors import Conflict, Gone, NotFound, RuleBroken, Unavailable, WrongState
from domain.money import Money
from domain.payments.errors import PaymentDeclined
from domain.payments.movements import metadata
from domain.payments.payment import Payment
from domain.payments.provider_events import ProviderEvent
from domain.payments.return_url import require_return_url
from domain.payments.settlement import OPEN
from domain.payments.status import SECURED, PaymentStatus
from domain.payments.vouchers import KONBINI, VoucherOrder, is_offered
from providers.errors import ProviderError, ProviderRefused
from providers.payments.domain_events import intent_event
from providers.payments.interface import CaptureMethod, Intent, IntentRequest, PaymentProvider
from providers.payments.registry import LIMITS, provider_at
from runtime.settings import Environment, Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """A confirmation. ``voucher``: what is ordered in place of a card; ``command_id``: of the caller's request."""

    payment: Payment
    method: str
    return_url: str
    voucher: VoucherOrder | None
    command_id: str


#: A call to the provider.
Confirming = Callable[[PaymentProvider, Asked], Awaitable[Intent]]


@raises(WrongState, Gone, RuleBroken, Conflict)
async def open_intent(services: ApiServices, access: Access, booking_id: UUID, key: Key, now: datetime) -> Response:
    """The booking's open payment with its secret; 201. Raises WrongState, Gone after the hold, RuleBroken when nothing
    is due, and Unavailable while the provider is unavailable; then the same key may be sent again."""
    try:
        return await _open_once(services, access, booking_id, key, now)
    except Replay as replay:
        payment_id = data_of(replay).get("payment_id")
        if payment_id is None:
            raise
        async with access.database.unit_of_work(Scope.tenant(access.business_id), access.context) as work:
            payment = await work.payments.get(UUID(payment_id))
        again = with_secret(replay, "client_secret", payment.client_secret)
        voucher = VoucherRead.of(payment.open_voucher)
        raise with_secret(again, "voucher", voucher.model_dump(mode="json") if voucher else None) from None


async def _open_once(services: ApiServices, access: Access, booking_id: UUID, key: Key, now: datetime) -> Response:
    async with access.command(booking_id, key) as command:
        async with command.finish() as work:
            payment = await work.payments.openings.open_intent(booking_id, now)
        if payment.checkout_id is not None and payment.status in OPEN:
            payment = await leave_page(services, command, payment, payment.checkout_id, now)
        intent = None if payment.provider_intent_id else await _create(await provider_of(services, payment), payment)
        async with command.finish() as work:
            if intent is not None:
                await work.payments.checkouts.require_none(payment.id)
                payment = await work.payments.attach_intent(payment.id, intent_event(intent), intent.client_secret)
            if payment.provider_intent_id is None:
                raise Conflict({"payment_id": str(payment.id), "rule": "amount_mismatch"})
            account = await work.payments.accounts.get(payment.account_id) if payment.account_id else None
            terms = await work.payments.vouchers.terms(booking_id, now)
            by_konbini = is_offered(terms.facts, LIMITS[payment.provider], now)
            read = IntentRead.of(payment, account.public_key if account else None, by_konbini)
            return await store_response(work, created(read), command.idempotency_key)


async def leave_page(
    services: ApiServices, command: Command, payment: Payment, checkout_id: str, now: datetime
) -> Payment:
    """The customer pays in another way after all, with the form or on another page: this page is closed first, so that
    nobody pays twice. What was begun on it ends, and the other way gets a payment of its own."""
    provider = await provider_of(services, payment)
    intent = await asked(provider, provider.close_checkout(checkout_id, f"{payment.id}:leave:{checkout_id}"))
    async with command.finish() as work:
        if intent is None:
            await work.payments.checkouts.detach(payment.id, checkout_id)
        else:
            await work.payments.attach_intent(payment.id, intent_event(intent), intent.client_secret)
        return await work.payments.openings.open_intent(payment.booking_id, now)


@raises(PaymentDeclined, WrongState, Gone, Conflict, RuleBroken)
async def confirm(
    services: ApiServices, access: Access, body: ConfirmPaymentCommand, key: Key, now: datetime
) -> Response:
    """Confirm with a card, or ask for a voucher. The provider's answer goes through the inbox, like a webhook, so that
    the booking's workflow gets it at once; the webhook that follows changes nothing more.

    The stored answer does not contain the 3-D Secure page. While the payment waits for it, a repeat asks the provider
    again and answers with the page, or with what became of the payment meanwhile.

    Raises PaymentDeclined with the provider's reason, Gone after the hold, WrongState, Conflict without an intent,
    RuleBroken for a voucher that cannot be had, InvalidInput for a ``return_url`` that is neither the platform's nor
    the business's.
    """
    try:
        async with access.command(body.payment_id, key) as command:
            return await _pay(services, command, body, now, _confirm)
    except Replay as replay:
        if data_of(replay).get("status") != PaymentStatus.REQUIRES_PAYMENT:
            raise
        taken = access.idempotency_key(key)
        again = Command(access, access.context.actor, command_id(taken), taken)
        response = await _pay(services, again, body, now, _confirm_again)
        raise Replay(replace(replay.stored_response, body=bytes(response.body))) from None


async def _pay(
    services: ApiServices, command: Command, body: ConfirmPaymentCommand, now: datetime, ask: Confirming
) -> Response:
    await check_return_url(services.settings, command, str(body.return_url))
    payment = await _payable(command, body.payment_id, now)
    if payment.status in SECURED:
        async with command.finish() as work:
            return await store_response(work, ok(ConfirmedRead.of(payment, None)), command.idempotency_key)
    provider = await provider_of(services, payment)
    order = await _order(command, payment, body, now) if body.payment_method == KONBINI else None
    confirmation = Asked(payment, body.payment_method, str(body.return_url), order, command.id)
    intent = await ask(provider, confirmation)
    response = ok(ConfirmedRead.of(payment, intent))
    await _record(command, payment, intent, now, response)
    if intent.decline_code is not None or intent.status is PaymentStatus.FAILED:
        raise PaymentDeclined({"reason": intent.decline_code or "declined"})
    return response


async def _order(command: Command, payment: Payment, body: ConfirmPaymentCommand, now: datetime) -> VoucherOrder:
    """The voucher that the booking can have now. Raises RuleBroken, also without an address."""
    async with command.finish() as work:
        terms, expires_at = await work.payments.vouchers.order(payment, LIMITS[payment.provider], now)
        email = body.email or terms.facts.email
        if not email:
            raise RuleBroken({"rule": "konbini_email_needed"})
    return VoucherOrder(expires_at, terms.name or "お客様", str(email))


async def check_return_url(settings: Settings, command: Command, return_url: str) -> None:
    """Raises InvalidInput for an address that is neither the platform's nor the business's."""
    async with command.finish() as work:
        website = await work.payments.openings.find_website(command.access.business_id)
    allowed = [settings.public_url, *settings.cors_origins, website or ""]
    require_return_url(return_url, allowed, loopback=settings.environment is not Environment.PRODUCTION)


async def _payable(command: Command, payment_id: UUID, now: datetime) -> Payment:
    """The payment if it is settled already, else checked that it can be paid now."""
    async with command.finish() as work:
        payment = await work.payments.get(payment_id)
        if payment.status in SECURED:
            return payment
        current = await work.payments.openings.open_intent(payment.booking_id, now)
        if current.id != payment_id or current.provider_intent_id is None:
            raise Conflict({"payment_id": str(payment_id), "rule": "open_intent_first"})
        return current


async def _record(command: Command, payment: Payment, intent: Intent, now: datetime, answer: Response) -> None:
    """Store what the provider said with the response. While 3-D Secure waits there is nothing to store, but the run
    gets the shorter hold if a card has ended a voucher. A voucher that was paid, or is being paid at a till, stays.

    Whole seconds, as providers count: our clock must not make an event of the same second look late.
    """
    scope, context = Scope.platform(), command.access.context
    async with command.access.database.unit_of_work(scope, context) as work:
        if intent.voucher is not None:
            await work.payments.vouchers.record_answer(payment.id, intent_event(intent), now)
        elif payment.voucher is not None and intent.status in {PaymentStatus.REQUIRES_PAYMENT, PaymentStatus.FAILED}:
            await work.payments.vouchers.close_if_by_card(payment.id, now)
        is_changed = intent.status is not PaymentStatus.REQUIRES_PAYMENT or intent.voucher is not None
        if is_changed or payment.voucher is not None:
            event = ProviderEvent(intent=intent_event(intent))
            at = now.replace(microsecond=0)
            await work.payments.webhooks.receive(
                payment.provider, f"confirm:{command.id}", "confirm", intent.id, event, at, payment.account_id
            )
        if intent.status is not PaymentStatus.FAILED:
            await store_response(work, answer, command.idempotency_key)


async def provider_of(services: ApiServices, payment: Payment) -> PaymentProvider:
    """The provider at the account of the payment. Raises NotFound where it is not set up."""
    if payment.provider not in services.payments and payment.account_id is None:
        raise NotFound({"provider": payment.provider})
    return await provider_at(services.payments, payment.provider, payment.account_id)


async def _create(provider: PaymentProvider, payment: Payment) -> Intent:
    capture = CaptureMethod.MANUAL if payment.manual_capture else CaptureMethod.AUTOMATIC
    about = metadata(payment.id, payment.booking_id, payment.business_id)
    request = IntentRequest(Money(payment.amount, payment.currency), capture, about)
    return await asked(provider, provider.create_intent(request, str(payment.id)))


async def _confirm(provider: PaymentProvider, command: Asked) -> Intent:
    intent_id, key = command.payment.provider_intent_id or "", f"{command.payment.id}:confirm:{command.command_id}"
    if command.voucher is not None:
        confirming = provider.make_voucher(intent_id, command.voucher, key)
    else:
        confirming = provider.confirm_intent(intent_id, command.method, command.return_url, key)
    try:
        return await asked(provider, confirming)
    except RuleBroken as refusal:
        # The intent may have been paid in another window: then that is the answer.
        intent = await asked(provider, provider.get_intent(intent_id))
        if intent.status in SECURED or (command.voucher is not None and intent.voucher is not None):
            return intent
        if command.voucher is not None:
            raise RuleBroken({"rule": "konbini_refused", "reason": refusal.details["reason"]}) from refusal
        raise PaymentDeclined({"reason": refusal.details["reason"]}) from refusal


async def _confirm_again(provider: PaymentProvider, command: Asked) -> Intent:
    """The provider's present state. PAY.JP v1 returns its page only for a confirmation; the charge does not change."""
    intent = await asked(provider, provider.get_intent(command.payment.provider_intent_id or ""))
    waits = intent.action_url is not None or intent.voucher is not None
    if intent.status is PaymentStatus.REQUIRES_PAYMENT and not waits:
        return await _confirm(provider, command)
    return intent


async def asked(provider: PaymentProvider, call: Awaitable[T]) -> T:
    """The provider's answer. Raises RuleBroken with its reason when it refuses, Unavailable when the result is
    unknown."""
    try:
        return await call
    except ProviderRefused as refusal:
        raise RuleBroken({"rule": "provider_refused", "reason": refusal.reason}) from refusal
    except ProviderError as error:
        raise Unavailable({"dependency": provider.name, "retry_after": 2}) from error
