"""Payments of bookings, refunds, and webhooks of payment providers."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query
from starlette.responses import Response

from api.access.callers import Access, Now, Services
from api.access.listing import Listing, may_list
from api.access.permissions import may
from api.access.signed_webhooks import PROVIDERS_BODY, Signed
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, ok
from api.http.idempotency import RequiredKey
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.http.rate_limits import RateClass, limited
from api.v1.payments.payments.checkout_handlers import open_checkout
from api.v1.payments.payments.checkout_schemas import CheckoutCreate, CheckoutRead
from api.v1.payments.payments.handlers import confirm, open_intent
from api.v1.payments.payments.list_handlers import payments_page
from api.v1.payments.payments.order_handlers import order_capture, order_void
from api.v1.payments.payments.refund_handlers import request_refund
from api.v1.payments.payments.schemas import (
    CaptureCreate,
    ConfirmedRead,
    ConfirmPaymentCommand,
    IntentCreate,
    IntentRead,
    MovementRead,
    PaymentRead,
    PaymentWithRefundsRead,
    RefundCreate,
    RefundRead,
    WebhookRead,
)
from api.v1.payments.payments.webhook_handlers import take_in
from domain.errors import (
    ForgedWebhook,
    NotFound,
)
from domain.payments.permissions import PaymentAction

router = routing.router("/payments", tags=["payments"])

MayPayBooking = Annotated[Access, Depends(may(PaymentAction.PAY, "booking", link=True))]
MayPay = Annotated[Access, Depends(may(PaymentAction.PAY, "payment", link=True))]
MayList = Annotated[Listing, Depends(may_list(PaymentAction.READ))]
MayRead = Annotated[Access, Depends(may(PaymentAction.READ, "payment"))]
MayCapture = Annotated[Access, Depends(may(PaymentAction.CAPTURE, "payment"))]
MayVoid = Annotated[Access, Depends(may(PaymentAction.VOID, "payment"))]
MayRefund = Annotated[Access, Depends(may(PaymentAction.REFUND, "payment"))]

_ALL_OF_IT = CaptureCreate()


@router.post(
    "/intent",
    status_code=201,
    summary="Create the payment of a booking",
    response_model=Envelope[IntentRead],
)
@raises(open_intent)
@limited(RateClass.PAYMENT)
async def create_intent(
    body: IntentCreate, access: MayPayBooking, services: Services, now: Now, key: RequiredKey
) -> Response:
    """The one open payment of the booking, over the amount due; a repeat returns the same. For its customer, or with
    the booking's link. On a confirmed booking: for another card, if the former authorization was lost."""
    return await open_intent(services, access, body.booking_id, key, now)


@router.post(
    "/checkout",
    status_code=201,
    summary="Create the provider's payment page of a booking",
    response_model=Envelope[CheckoutRead],
)
@raises(open_checkout)
@limited(RateClass.PAYMENT)
async def create_checkout(
    body: CheckoutCreate, access: MayPayBooking, services: Services, now: Now, key: RequiredKey
) -> Response:
    """For businesses with PAY.JP's v2 API: its page takes cards, PayPay and what else the account accepts. Send the
    customer to `url`; a repeat returns the same page while it is open. It ends with the hold. Not for card holds."""
    return await open_checkout(services, access, body, key, now)


@router.post(
    "/confirm",
    summary="Confirm a payment with a card",
    response_model=Envelope[ConfirmedRead],
)
@raises(confirm)
@limited(RateClass.PAYMENT)
async def confirm_payment(
    body: ConfirmPaymentCommand, access: MayPay, services: Services, now: Now, key: RequiredKey
) -> Response:
    """A declined card leaves the payment open for another one. Where `action_url` is given, send the customer there for
    3-D Secure, and confirm again with the same `payment_method` when they are back at `return_url`. With `konbini` the
    answer has a `voucher`: the booking is held until its last second, and confirmed when it is paid at the store."""
    return await confirm(services, access, body, key, now)


@router.get(
    "",
    summary="List my payments or those of a booking or a business",
    response_model=ListEnvelope[PaymentRead],
)
async def list_payments(
    access: MayList,
    page: PageAsked,
    booking_id: Annotated[UUID | None, Query()] = None,
    business_id: Annotated[UUID | None, Query(description="For those who work there.")] = None,
) -> Response:
    """Newest first."""
    return await payments_page(access, booking_id, business_id, page)


@router.get(
    "/{payment_id}",
    summary="Get a payment with its refunds",
    response_model=Envelope[PaymentWithRefundsRead],
)
async def get_payment(payment_id: UUID, access: MayRead) -> Response:
    """For its customer and for staff."""
    async with access.work(payment_id) as work:
        payment, refunds = await work.payments.get(payment_id), await work.payments.refunds.list_(payment_id)
        return ok(PaymentWithRefundsRead.with_refunds(payment, refunds))


@router.post(
    "/{payment_id}/refund",
    status_code=201,
    summary="Refund a payment",
    response_model=Envelope[RefundRead],
)
@raises(request_refund)
@limited(RateClass.PAYMENT)
async def refund_payment(payment_id: UUID, body: RefundCreate, access: MayRefund, key: RequiredKey) -> Response:
    """All or part of the captured amount. The refund has started when this answers; `GET /payments/{id}` shows its
    state."""
    return await request_refund(access, payment_id, body, key)


@router.post(
    "/{payment_id}/capture",
    status_code=201,
    summary="Capture a card hold",
    response_model=Envelope[MovementRead],
)
@raises(order_capture)
@limited(RateClass.PAYMENT)
async def capture_payment(
    payment_id: UUID, access: MayCapture, key: RequiredKey, body: CaptureCreate = _ALL_OF_IT
) -> Response:
    """All or part of what the card's issuer has reserved; the rest is released. After a cancellation or a no-show, at
    most the fee. The capture has started when this answers; `GET /payments/{id}` shows its outcome."""
    return await order_capture(access, payment_id, body, key)


@router.post(
    "/{payment_id}/void",
    status_code=201,
    summary="Release a card hold",
    response_model=Envelope[MovementRead],
)
@raises(order_void)
@limited(RateClass.PAYMENT)
async def void_payment(payment_id: UUID, access: MayVoid, key: RequiredKey) -> Response:
    """The booking stays as it is, and its customer is not asked for another card. The release has started when this
    answers; `GET /payments/{id}` shows its outcome."""
    return await order_void(access, payment_id, key)


@router.post(
    "/webhook/{provider}",
    summary="Receive a webhook of a payment provider",
    response_model=Envelope[WebhookRead],
    openapi_extra=PROVIDERS_BODY,
)
@raises(ForgedWebhook, NotFound)
@limited(RateClass.NONE)
async def receive_payment_webhook(
    provider: Annotated[str, Path(max_length=20, examples=["stripe"], description="Name of the provider.")],
    signed: Signed,
) -> Response:
    """Verified by its signature, stored, acknowledged at once, applied once."""
    return ok({"fresh": await take_in(provider, signed)})


@router.post(
    "/webhook/{provider}/{account_id}",
    summary="Receive a webhook of a business's account",
    response_model=Envelope[WebhookRead],
    openapi_extra=PROVIDERS_BODY,
)
@raises(ForgedWebhook, NotFound)
@limited(RateClass.NONE)
async def receive_account_webhook(
    provider: Annotated[str, Path(max_length=20, examples=["stripe"], description="Name of the provider.")],
    account_id: UUID,
    signed: Signed,
) -> Response:
    """As for the platform's account, with the secret of this account; it is about payments at this account only."""
    return ok({"fresh": await take_in(provider, signed, account_id)})
