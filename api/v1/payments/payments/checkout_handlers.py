"""The payment of a booking on the provider's own page."""

from datetime import datetime, timedelta
from uuid import UUID

from starlette.responses import Response

from api.access.callers import Access, ApiServices, Command
from api.http.answer_secrets import data_of, with_secret
from api.http.envelope import created
from api.http.idempotency import Key, Replay, store_response
from api.http.operation_errors import raises
from api.v1.payments.payments.checkout_schemas import CheckoutCreate, CheckoutRead
from api.v1.payments.payments.handlers import asked, check_return_url, provider_of
from db.engine.session import Scope
from db.payments.commands.checkout import CheckoutTerms
from domain.errors import Conflict, Gone, RuleBroken, WrongState
from domain.money import Money
from domain.payments.movements import metadata
from domain.payments.payment import Payment
from domain.payments.status import SECURED
from providers.payments.interface import Checkout, CheckoutRequest, PaymentProvider
from providers.payments.registry import LIMITS

#: A session lasts 24 hours at most (docs.pay.jp/v2/api, ``expires_at``); the minute is for clocks that differ.
LONGEST = timedelta(hours=24) - timedelta(minutes=1)
#: Pages that one payment may have, one after the other.
MOST_PAGES = 10


@raises(WrongState, Gone, RuleBroken, Conflict)
async def open_checkout(
    services: ApiServices, access: Access, body: CheckoutCreate, key: Key, now: datetime
) -> Response:
    """The address of the page; 201. The same page while it is open. It ends with the hold.

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
        if payment.checkout_id is None:
            raise Conflict({"payment_id": payment_id, "rule": "payment_form_open"}) from None
        provider = await provider_of(services, payment)
        page = await asked(provider, provider.get_checkout(payment.checkout_id))
        raise with_secret(replay, "url", page.url) from None


async def _open_once(services: ApiServices, access: Access, body: CheckoutCreate, key: Key, now: datetime) -> Response:
    async with access.command(body.booking_id, key) as command:
        await check_return_url(services.settings, command, str(body.return_url))
        async with command.finish() as work:
            payment = await work.payments.openings.open_intent(body.booking_id, now)
            terms = await work.payments.checkouts.terms(body.booking_id)
        _check(payment)
        provider = await provider_of(services, payment)
        page = await _page(provider, payment, terms, str(body.return_url), now)
        return await _store(command, payment, page)


def _check(payment: Payment) -> None:
    if payment.status in SECURED:
        raise WrongState({"status": payment.status.value, "wanted": "requires_payment"})
    if payment.manual_capture or not LIMITS[payment.provider].checkout:
        raise RuleBroken({"rule": "checkout_not_offered"})
    if payment.provider_intent_id is not None and payment.checkout_id is None:
        raise Conflict({"payment_id": str(payment.id), "rule": "payment_form_open"})


async def _page(
    provider: PaymentProvider, payment: Payment, terms: CheckoutTerms, return_url: str, now: datetime
) -> Checkout:
    """The open page, or a new one. Its key has the page before it, so that a lost answer gives the same page again and
    never a second one beside it. A page that was left for the form is not known here any more, and its key gives it
    again although it is closed: then the next one follows."""
    request = CheckoutRequest(
        Money(payment.amount, payment.currency),
        terms.item,
        return_url,
        min(terms.hold_expires_at or now + LONGEST, now + LONGEST).replace(microsecond=0),
        metadata(payment.id, payment.booking_id, payment.business_id),
    )
    page_id = payment.checkout_id
    for _ in range(MOST_PAGES):
        if page_id is not None:
            known = await asked(provider, provider.get_checkout(page_id))
            if known.is_open:
                return known
            if known.intent_id is not None:
                raise Conflict({"payment_id": str(payment.id), "rule": "payment_on_its_way"})
        key = f"{payment.id}:checkout:{page_id or 'first'}"
        page_id = (await asked(provider, provider.open_checkout(request, key))).id
    raise Conflict({"payment_id": str(payment.id), "rule": "payment_form_open"})


async def _store(command: Command, payment: Payment, page: Checkout) -> Response:
    async with command.finish() as work:
        await work.payments.checkouts.attach(payment.id, page.id)
        return await store_response(work, created(CheckoutRead.of(payment, page)), command.idempotency_key)
