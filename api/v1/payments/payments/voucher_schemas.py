"""A voucher of a convenience store in answers."""

from datetime import datetime
from typing import Any, Self

from pydantic import ConfigDict, Field

from api.http.fields import Output, examples
from domain.payments.vouchers import Voucher

VOUCHER: dict[str, Any] = {
    "expires_at": "2026-11-24T14:59:59Z",
    "codes": [{"store": "familymart", "payment_code": "123456", "confirmation_number": "12345678901"}],
    "url": "https://payments.stripe.com/konbini/voucher/abc",
}


class StoreCodeRead(Output):
    """What the customer enters at the machine of one chain."""

    store: str = Field(description="The chain: `familymart`, `lawson`, `ministop` or `seicomart`.")
    payment_code: str = Field(description="Payment code, digits.")
    confirmation_number: str | None = Field(description="Confirmation number, digits; null where none is asked.")


class VoucherRead(Output):
    """With this the customer pays in cash at a convenience store."""

    model_config = ConfigDict(json_schema_extra=examples(VOUCHER))

    expires_at: datetime = Field(
        description="The last second in which it can be paid, RFC 3339. The time of the booking is held until then.",
    )
    codes: list[StoreCodeRead] = Field(description="What to enter, for each chain.")
    url: str | None = Field(description="The provider's page with the instructions; null if it has none.")

    @classmethod
    def of(cls, voucher: Voucher | None) -> Self | None:
        """None without a voucher."""
        if voucher is None:
            return None
        codes = [
            StoreCodeRead(store=one.store, payment_code=one.payment_code, confirmation_number=one.confirmation_number)
            for one in voucher.codes
        ]
        return cls(expires_at=voucher.expires_at, codes=codes, url=voucher.url)
