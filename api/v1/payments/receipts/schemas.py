"""Requests and answers of receipts."""

from datetime import date
from typing import Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.fields import Input, MoneyRead, Name, Output, RecordRead, examples
from db.payments.receipts import Receipt
from domain.payments.receipts import ReceiptKind
from domain.payments.tax import TaxCategory

_TOTAL: dict[str, Any] = {
    "category": "standard",
    "percent": 10,
    "total": {"amount": 6600, "currency": "JPY"},
    "tax": {"amount": 600, "currency": "JPY"},
}
_RECEIPT: dict[str, Any] = {
    "id": "019a0c64-3b4c-7e60-8f8d-0a2b7c4d6f09",
    "booking_id": "019a0c5f-1c2d-7e30-9b5a-7d9e4f1a3c04",
    "payment_id": "019a0c61-2a3b-7d50-9e7c-9f1a6b3c5e07",
    "venue_payment_id": None,
    "refund_id": None,
    "corrects": None,
    "kind": "simplified_invoice",
    "number": "2026-000012",
    "issued_on": "2026-11-21",
    "supplied_on": "2026-11-22",
    "recipient": None,
    "party": "山田 花子",
    "total": {"amount": 6600, "currency": "JPY"},
    "totals": [_TOTAL],
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "created_at": "2026-11-21T03:00:00Z",
}


class ReceiptCreate(Input):
    """Issue the receipt of a payment. With a recipient it is a qualified invoice (適格請求書), without one a simplified
    qualified invoice (適格簡易請求書), for a business that has a registration number."""

    model_config = ConfigDict(json_schema_extra=examples({"recipient": "株式会社さくら"}))

    recipient: Name | None = Field(default=None, description="Name of the person or company that the receipt is for.")


class ReceiptCorrectionCreate(Input):
    """Issue a corrected receipt in place of the issued one."""

    model_config = ConfigDict(json_schema_extra=examples({"recipient": "株式会社さくら"}))

    recipient: Name | None = Field(
        default=None, description="Name of the person or company that it is for; null keeps the present one."
    )


class ReceiptTotalRead(Output):
    """The sum of one tax rate."""

    model_config = ConfigDict(json_schema_extra=examples(_TOTAL))

    category: TaxCategory = Field(description="Tax category.")
    percent: int = Field(description="Tax rate in percent on the day of the service.")
    total: MoneyRead = Field(description="Sum with tax.")
    tax: MoneyRead = Field(description="The tax that the sum contains, rounded down once.")


class ReceiptRead(RecordRead):
    """A receipt, invoice or credit note. It never changes."""

    model_config = ConfigDict(json_schema_extra=examples(_RECEIPT))

    booking_id: UUID = Field(description="Id of the booking (UUID).")
    payment_id: UUID | None = Field(description="Id of the payment (UUID); null for money at the venue.")
    venue_payment_id: UUID | None = Field(description="Id of the entry at the venue (UUID); null for a payment online.")
    refund_id: UUID | None = Field(description="Id of the refund (UUID) of a credit note; null otherwise.")
    corrects: UUID | None = Field(description="Id of the receipt that this one replaces (UUID); null otherwise.")
    kind: ReceiptKind = Field(description="Kind of document.")
    number: str = Field(description="Number, without gaps in each business and year.")
    issued_on: date = Field(description="Day of issue at the business (YYYY-MM-DD).")
    supplied_on: date = Field(description="Day of the visit at the business (YYYY-MM-DD), whose tax rates apply.")
    recipient: str | None = Field(description="Who it is made out to; null if it names nobody.")
    party: str = Field(description="The customer: the recipient, or the name of the booking.")
    total: MoneyRead = Field(description="Amount with tax.")
    totals: list[ReceiptTotalRead] = Field(description="Sums for each tax rate.")
    digest: str = Field(description="SHA-256 of the stored content, in hexadecimal.")

    @classmethod
    def of(cls, receipt: Receipt) -> Self:
        """A stored document."""

        def yen(amount: int) -> MoneyRead:
            return MoneyRead(amount=amount, currency=receipt.currency)

        return cls(
            id=receipt.id,
            created_at=receipt.created_at,
            booking_id=receipt.booking_id,
            payment_id=receipt.payment_id,
            venue_payment_id=receipt.venue_payment_id,
            refund_id=receipt.refund_id,
            corrects=receipt.corrects,
            kind=receipt.kind,
            number=receipt.number,
            issued_on=receipt.issued_on,
            supplied_on=receipt.supplied_on,
            recipient=receipt.recipient,
            party=receipt.party,
            total=yen(receipt.total),
            totals=[
                ReceiptTotalRead(
                    category=TaxCategory(one["category"]),
                    percent=one["percent"],
                    total=yen(one["total"]),
                    tax=yen(one["tax"]),
                )
                for one in receipt.content["totals"]
            ],
            digest=receipt.digest,
        )
