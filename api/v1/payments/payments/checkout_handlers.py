"""The payment of a booking on the provider's own page."""

from datetime import datetime
from uuid import UUID

from starlette.responses import Response

from api.access.callers import Access, ApiServices, Command
from api.http.answer_secrets import data_of, with_secret
from api.http.envelope import created
from api.http.idempotency import Key, Replay, store_response
from api.http.operation_errors import raises
from api.v1.payments.payments.checkout_schemas import CheckoutCreate, CheckoutRead
from api.v1.payments.payments.handlers import asked, check_return_url, leave_page, provider_of
from db.engine.session import Scope
from db.payments.commands.checkout import Ordered
from domain.errors import Conflict, Gone, RuleBroken, WrongState
from domain.money import Money
from domain.payments.checkouts import CheckoutOrder, way_back
from domain.payments.movements import metadata
from domain.payments.payment import Payment
from domain.payments.status import SECURED, PaymentStatus
from providers.payments.interface import Checkout, CheckoutRequest, PaymentProvider
from providers.payments.registry import LIMITS

#: How often one request goes on to the next page, where the one before has ended or is as somebody else has asked.
MOST_PAGES = 5


@raises(WrongState, Gone, RuleBroken, Conflict)
async def open_checkout(
    services: ApiServices, access: Access, body: CheckoutCreate, key: Key, now: datetime
) -> Response:
    """The address of the page; 201. The same page while it is open and as asked: with another ``return_url``, or after
    the end of the hold has moved, that page is closed and another one opened. It ends with the hold.

    Raises what opening a payment raises; RuleBroken where the provider has no page, or for a card hold; Conflict while
    the payment is made with a form, or is on its way. The stored answer does not contain the page's address: a repeat
    asks the provider for it.
    """
    try:
        return await _open_once(services, access, body, key, now)
    except Replay as replay:
        payment_id = data_of(replay).get("payment_id")
        if payment_id is None:
            raise
        async with access.database.unit_of_work(Scope.tenant(access.business_id), access.context) as work:
            payment = await work.payments.get(UUID(payment_id))
            order = await work.payments.checkouts.find_order(payment.id)
        if payment.checkout_id is None or order is None:
            raise Conflict({"payment_id": payment_id, "rule": "payment_form_open"}) from None
        if order.way_back != way_back(str(body.return_url)):
            raise Conflict({"payment_id": payment_id, "rule": "payment_page_open"}) from None
        provider = await provider_of(services, payment)
        page = await asked(provider, provider.get_checkout(payment.checkout_id))
        expires_at = CheckoutRead.of(payment, page).model_dump(mode="json")["expires_at"]
        raise with_secret(with_secret(replay, "url", page.url), "expires_at", expires_at) from None


async def _open_once(services: ApiServices, access: Access, body: CheckoutCreate, key: Key, now: datetime) -> Response:
    return_url = str(body.return_url)
    async with access.command(body.booking_id, key) as command:
        await check_return_url(services.settings, command, return_url)
        for _ in range(MOST_PAGES):
            ordered = await _ordered(command, body.booking_id, return_url, now)
            payment_id = str(ordered.payment.id)
            provider = await provider_of(services, ordered.payment)
            page = await _page(command, provider, ordered, now)
            if page is not None and page.is_open and ordered.is_as_asked:
                return await _store(command, ordered, page)
            if page is not None:
                await leave_page(services, command, ordered.payment, page.id, now)
    raise Conflict({"payment_id": payment_id, "rule": "payment_page_open"})


async def _ordered(command: Command, booking_id: UUID, return_url: str, now: datetime) -> Ordered:
    """The payment that can be made now, and the order of its page."""
    async with command.finish() as work:
        payment = await work.payments.openings.open_intent(booking_id, now)
    _check(payment)
    async with command.finish() as work:
        terms = await work.payments.checkouts.terms(booking_id, return_url)
        return await work.payments.checkouts.order(payment.id, terms, now)


def _check(payment: Payment) -> None:
    if payment.status in SECURED:
        raise WrongState({"status": payment.status.value, "wanted": "requires_payment"})
    if payment.manual_capture or not LIMITS[payment.provider].checkout:
        raise RuleBroken({"rule": "checkout_not_offered"})
    if payment.provider_intent_id is not None and payment.checkout_id is None:
        raise Conflict({"payment_id": str(payment.id), "rule": "payment_form_open"})
    if payment.status is PaymentStatus.PROCESSING:
        raise Conflict({"payment_id": str(payment.id), "rule": "payment_on_its_way"})


async def _page(command: Command, provider: PaymentProvider, ordered: Ordered, now: datetime) -> Checkout | None:
    """The page of the order. It is opened with the key and the terms of the order, so a lost answer gives the same page
    again and never a second one beside it. None where there is no such page, and the next order can be made: nobody has
    the address of a page whose answer was lost, so one with other terms needs not be looked for."""
    payment, order = ordered.payment, ordered.order
    if payment.checkout_id is not None:
        return await asked(provider, provider.get_checkout(payment.checkout_id))
    if not ordered.is_as_asked or order.expires_at <= now:
        await _end(command, payment, order)
        return None
    request = CheckoutRequest(
        Money(payment.amount, payment.currency),
        order.item,
        ordered.return_url,
        order.expires_at,
        metadata(payment.id, payment.booking_id, payment.business_id),
    )
    try:
        page = await asked(provider, provider.open_checkout(request, order.key(payment.id)))
    except RuleBroken:
        # What the provider refuses once, it would refuse for ever with this key.
        await _end(command, payment, order)
        raise
    async with command.finish() as work:
        is_ours = await work.payments.checkouts.attach(payment.id, order, page.id)
    if not is_ours:
        # Another window was quicker, or the booking has ended. Nobody has the address of this page.
        await asked(provider, provider.close_checkout(page.id, f"{payment.id}:leave:{page.id}"))
        raise Conflict({"payment_id": str(payment.id), "rule": "payment_page_open"})
    # A repeated call gives the answer of the first one, although the page may have ended since.
    return await asked(provider, provider.get_checkout(page.id))


async def _end(command: Command, payment: Payment, order: CheckoutOrder) -> None:
    async with command.finish() as work:
        await work.payments.checkouts.detach(payment.id, None, order.number)


async def _store(command: Command, ordered: Ordered, page: Checkout) -> Response:
    async with command.finish() as work:
        if not await work.payments.checkouts.attach(ordered.payment.id, ordered.order, page.id):
            raise Conflict({"payment_id": str(ordered.payment.id), "rule": "payment_page_open"})
        return await store_response(work, created(CheckoutRead.of(ordered.payment, page)), command.idempotency_key)
