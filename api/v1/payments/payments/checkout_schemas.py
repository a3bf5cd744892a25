"""Requests and answers about the provider's page."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import ConfigDict, Field, HttpUrl

from api.http.fields import Input, MoneyRead, Output, examples
from domain.payments.payment import Payment
from providers.payments.interface import Checkout

_PAYMENT = "019a0c61-2a3b-7d50-9e7c-9f1a6b3c5e07"
_BOOKING = "019a0c5f-1c2d-7e30-9b5a-7d9e4f1a3c04"


class CheckoutCreate(Input):
    """Pay for this booking on the provider's page."""

    model_config = ConfigDict(
        json_schema_extra=examples({"booking_id": _BOOKING, "return_url": "https://salon-hana.example/paid"})
    )

    booking_id: UUID = Field(description="Id of the booking (UUID).")
    return_url: HttpUrl = Field(
        description="URL to which the page returns, paid or not. Its origin is the platform's, that of an app that the"
        " platform knows, or that of the business's `website`.",
    )


class CheckoutRead(Output):
    """Send the customer to ``url``. The booking is confirmed moments after the payment; the way back says nothing
    about it."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "payment_id": _PAYMENT,
                "booking_id": _BOOKING,
                "provider": "payjp_v2",
                "amount": {"amount": 6600, "currency": "JPY"},
                "url": "https://checkout.pay.jp/v2/cs_abc",
                "expires_at": "2026-11-21T01:40:00Z",
            }
        )
    )

    payment_id: UUID = Field(description="Id of the payment (UUID).")
    booking_id: UUID = Field(description="Id of the booking (UUID).")
    provider: str = Field(description="Name of the payment provider: `payjp_v2`.")
    amount: MoneyRead = Field(description="How much is to be paid.")
    url: str = Field(description="The provider's page, with everything that the business's account accepts.")
    expires_at: datetime | None = Field(description="Until when the page can be paid, RFC 3339.")

    @classmethod
    def of(cls, payment: Payment, page: Checkout) -> Self:
        """An open page."""
        return cls(
            payment_id=payment.id,
            booking_id=payment.booking_id,
            provider=payment.provider,
            amount=MoneyRead(amount=payment.amount, currency=payment.currency),
            url=page.url,
            expires_at=page.expires_at,
        )
