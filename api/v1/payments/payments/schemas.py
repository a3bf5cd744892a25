"""Requests and answers of payments and refunds."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, HttpUrl, StringConstraints

from api.http.fields import Email, Input, MoneyRead, MoneyWrite, Output, RecordRead, examples
from api.v1.payments.payments.voucher_schemas import VoucherRead
from domain.payments.payment import Payment
from domain.payments.refunds import Refund, RefundReason
from domain.payments.status import Movement, PaymentStatus, RefundStatus
from domain.payments.tasks import MoneyTask
from providers.payments.interface import Intent

_PAYMENT = "019a0c61-2a3b-7d50-9e7c-9f1a6b3c5e07"
_BOOKING = "019a0c5f-1c2d-7e30-9b5a-7d9e4f1a3c04"
_BUSINESS = "019a0c5e-8c00-7b10-9e2d-4a6b1c8d0f01"
_YEN = {"amount": 6600, "currency": "JPY"}
_NO_YEN = {"amount": 0, "currency": "JPY"}
_REFUND: dict[str, Any] = {
    "id": "019a0c62-3b4c-7e60-8f8d-0a2b7c4d6f08",
    "payment_id": _PAYMENT,
    "booking_id": _BOOKING,
    "status": "requested",
    "amount": {"amount": 3000, "currency": "JPY"},
    "reason": "goodwill",
    "failure_reason": None,
    "created_at": "2026-11-25T03:00:00Z",
}


#: The reasons that a person may give.
ReasonGiven = Literal[RefundReason.REQUESTED, RefundReason.DUPLICATE, RefundReason.SERVICE, RefundReason.GOODWILL]


class IntentCreate(Input):
    """Pay for this booking."""

    model_config = ConfigDict(json_schema_extra=examples({"booking_id": _BOOKING}))

    booking_id: UUID = Field(description="Id of the booking (UUID).")


class ConfirmPaymentCommand(Input):
    """``payment_method``: the provider's token for the card, made in the browser, or ``konbini``. ``return_url``: where
    the customer comes back to after 3-D Secure: a page of the platform, of an app that it knows, or of the
    business."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {"payment_id": _PAYMENT, "payment_method": "pm_card_visa", "return_url": "https://salon-hana.example/paid"}
        )
    )

    payment_id: UUID = Field(description="Id of the payment (UUID).")
    payment_method: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_\-]{1,255}$", max_length=255)] = Field(
        description="Id of the provider's payment method, such as `pm_card_visa`; `konbini` for a voucher with which"
        " it is paid in cash at a convenience store, where `methods` of the intent has it.",
    )
    email: Email | None = Field(
        default=None,
        description="For `konbini`: where the provider asks for a bank account if the money goes back; left out, the"
        " address of the booking.",
    )
    return_url: HttpUrl = Field(
        description="URL to which the provider's page returns. Its origin is the platform's, that of an app that the"
        " platform knows, or that of the business's `website`.",
    )


class RefundCreate(Input):
    """``amount`` left out: all that is left."""

    model_config = ConfigDict(
        json_schema_extra=examples({"amount": {"amount": 3000, "currency": "JPY"}, "reason": "goodwill"})
    )

    amount: MoneyWrite | None = Field(
        default=None,
        description="How much to refund; left out, everything that is still held.",
    )
    reason: ReasonGiven = Field(default=RefundReason.REQUESTED, description="Why the money goes back.")


class CaptureCreate(Input):
    """``amount`` left out: all that may be captured."""

    model_config = ConfigDict(json_schema_extra=examples({"amount": {"amount": 3000, "currency": "JPY"}}))

    amount: MoneyWrite | None = Field(
        default=None,
        description="How much to capture; left out, all that may be captured. The rest of the authorization is"
        " released.",
    )


class MovementRead(Output):
    """A movement of money that was ordered. Its outcome is in the payment's status and totals."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "payment_id": _PAYMENT,
                "booking_id": _BOOKING,
                "movement": "capture",
                "amount": {"amount": 3000, "currency": "JPY"},
            }
        )
    )

    payment_id: UUID = Field(description="Id of the payment (UUID).")
    booking_id: UUID = Field(description="Id of the booking (UUID).")
    movement: Movement = Field(description="`capture` or `void`.")
    amount: MoneyRead = Field(description="How much is captured or released.")

    @classmethod
    def of(cls, payment: Payment, task: MoneyTask) -> Self:
        """What was ordered."""
        return cls(
            payment_id=payment.id,
            booking_id=payment.booking_id,
            movement=task.movement,
            amount=MoneyRead(amount=task.amount, currency=task.currency),
        )


class IntentRead(Output):
    """``client_secret`` is for the provider's own form in the customer's browser; show it to nobody else."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "payment_id": _PAYMENT,
                "booking_id": _BOOKING,
                "provider": "stripe",
                "status": "requires_payment",
                "amount": _YEN,
                "client_secret": "pi_3Abc_secret_xyz",
                "public_key": None,
                "methods": ["card", "konbini"],
                "voucher": None,
            }
        )
    )

    payment_id: UUID = Field(description="Id of the payment (UUID).")
    booking_id: UUID = Field(description="Id of the booking (UUID).")
    provider: str = Field(description="Name of the payment provider, such as `stripe`.")
    status: PaymentStatus = Field(description="Present status.")
    amount: MoneyRead = Field(description="How much is to be paid.")
    client_secret: str | None = Field(
        description="Secret with which the provider's client library pays this intent; null if it has none.",
    )
    public_key: str | None = Field(
        description="Key of the business's own account for the provider's client library; null: the platform's key.",
    )
    methods: list[Literal["card", "konbini"]] = Field(
        description="How it can be paid: `card`, and `konbini` where the business offers it, the amount allows it and"
        " the visit is far enough ahead.",
    )
    voucher: VoucherRead | None = Field(description="The voucher that waits for its payment; null without one.")

    @classmethod
    def of(cls, payment: Payment, public_key: str | None, by_konbini: bool) -> Self:
        """A payment that waits for its customer."""
        return cls(
            payment_id=payment.id,
            booking_id=payment.booking_id,
            provider=payment.provider,
            status=payment.status,
            amount=MoneyRead(amount=payment.amount, currency=payment.currency),
            client_secret=payment.client_secret,
            public_key=public_key,
            methods=["card", "konbini"] if by_konbini else ["card"],
            voucher=VoucherRead.of(payment.open_voucher),
        )


class ConfirmedRead(Output):
    """``action_url``: send the customer there for 3-D Secure; null: nothing more to do. The booking is confirmed
    moments after the money is ``captured`` or ``authorized``."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "payment_id": _PAYMENT,
                "booking_id": _BOOKING,
                "status": "captured",
                "amount": _YEN,
                "action_url": None,
                "voucher": None,
            }
        )
    )

    payment_id: UUID = Field(description="Id of the payment (UUID).")
    booking_id: UUID = Field(description="Id of the booking (UUID).")
    status: PaymentStatus = Field(description="Present status.")
    amount: MoneyRead = Field(description="How much is to be paid.")
    action_url: str | None = Field(
        description="URL of the provider's page for 3-D Secure; null when nothing is left to do.",
    )
    voucher: VoucherRead | None = Field(
        description="What the customer pays with at a convenience store; null for a card.",
    )

    @classmethod
    def of(cls, payment: Payment, intent: Intent | None) -> Self:
        """``intent``: what the provider just said; None where the payment was settled before."""
        return cls(
            payment_id=payment.id,
            booking_id=payment.booking_id,
            status=intent.status if intent else payment.status,
            amount=MoneyRead(amount=payment.amount, currency=payment.currency),
            action_url=intent.action_url if intent else None,
            voucher=VoucherRead.of(intent.voucher if intent else None),
        )


class RefundRead(RecordRead):
    """A refund. ``reason``: what a person gave, or what the platform refunded for (cancelled, declined, late, no_show),
    or ``provider`` for a refund that was made at the provider by hand."""

    model_config = ConfigDict(json_schema_extra=examples(_REFUND))

    payment_id: UUID = Field(description="Id of the payment (UUID).")
    booking_id: UUID = Field(description="Id of the booking (UUID).")
    status: RefundStatus = Field(description="Present status.")
    amount: MoneyRead = Field(description="How much is refunded.")
    reason: RefundReason = Field(description="Why the money goes back.")
    failure_reason: str | None = Field(description="Why it failed; null otherwise.")

    @classmethod
    def of(cls, refund: Refund) -> Self:
        """A stored refund."""
        return cls(
            id=refund.id,
            payment_id=refund.payment_id,
            booking_id=refund.booking_id,
            status=refund.status,
            amount=MoneyRead(amount=refund.amount, currency=refund.currency),
            reason=refund.reason,
            failure_reason=refund.failure_reason,
            created_at=refund.created_at,
        )


_PAYMENT_ROW: dict[str, Any] = {
    "id": _PAYMENT,
    "business_id": _BUSINESS,
    "booking_id": _BOOKING,
    "provider": "stripe",
    "status": "captured",
    "amount": _YEN,
    "authorized": _YEN,
    "captured": _YEN,
    "refunded": _NO_YEN,
    "decline_code": None,
    "voucher": None,
    "created_at": "2026-11-21T01:31:00Z",
}


class PaymentRead(RecordRead):
    """One payment. ``authorized``: what the card promises; ``captured``: what was taken; ``refunded``: what went back
    of it."""

    model_config = ConfigDict(json_schema_extra=examples(_PAYMENT_ROW))

    business_id: UUID = Field(description="Id of the business (UUID).")
    booking_id: UUID = Field(description="Id of the booking (UUID).")
    provider: str = Field(description="Name of the payment provider, such as `stripe`.")
    status: PaymentStatus = Field(description="Present status.")
    amount: MoneyRead = Field(description="How much is to be paid.")
    authorized: MoneyRead = Field(description="What the card's issuer has reserved and nobody has captured.")
    captured: MoneyRead = Field(description="What was captured so far.")
    refunded: MoneyRead = Field(description="What has arrived back at the customer.")
    decline_code: str | None = Field(description="The provider's code for why the card was declined; null otherwise.")
    voucher: VoucherRead | None = Field(
        description="The voucher with which the customer can pay at a convenience store; null without an open one.",
    )

    @classmethod
    def of(cls, payment: Payment) -> Self:
        """A stored payment."""
        return cls(**_shown(payment))


class PaymentWithRefundsRead(PaymentRead):
    """One payment with its refunds, oldest first."""

    model_config = ConfigDict(json_schema_extra=examples({**_PAYMENT_ROW, "refunds": [_REFUND]}))

    refunds: list[RefundRead] = Field(description="Refunds of this payment, oldest first.")

    @classmethod
    def with_refunds(cls, payment: Payment, refunds: Sequence[Refund]) -> Self:
        """A stored payment and its refunds."""
        return cls(**_shown(payment), refunds=[RefundRead.of(refund) for refund in refunds])


def _shown(payment: Payment) -> dict[str, Any]:
    def money(amount: int) -> MoneyRead:
        return MoneyRead(amount=amount, currency=payment.currency)

    return {
        "id": payment.id,
        "business_id": payment.business_id,
        "booking_id": payment.booking_id,
        "provider": payment.provider,
        "status": payment.status,
        "amount": money(payment.amount),
        "authorized": money(payment.authorized),
        "captured": money(payment.captured),
        "refunded": money(payment.refunded),
        "decline_code": payment.decline_code,
        "voucher": VoucherRead.of(payment.open_voucher),
        "created_at": payment.created_at,
    }


class WebhookRead(Output):
    """``fresh``: it was not stored before."""

    model_config = ConfigDict(json_schema_extra=examples({"fresh": True}))

    fresh: bool = Field(description="False when the event was received before.")
