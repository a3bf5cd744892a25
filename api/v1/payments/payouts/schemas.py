"""Schemas of payouts and fees."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.fields import MoneyRead, Output, examples
from db.payments.payouts import EntryRow, PayoutRow
from domain.payments.payouts import EntryKind, PayoutStatus
from domain.payments.providers import ProviderName


class PayoutRead(Output):
    """A transfer of a provider to the bank."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": "019a0c70-1d2e-7a10-8b3c-4d5e6f7a8b9c",
                "account_id": "019a0c40-0a1b-7c20-9d4e-5f6a7b8c9d0e",
                "provider": "stripe",
                "provider_payout_id": "po_1SVcQ32eZvKYlo2C",
                "status": "paid",
                "amount": {"amount": 63626, "currency": "JPY"},
                "entries_net": {"amount": 63626, "currency": "JPY"},
                "fees": {"amount": 2374, "currency": "JPY"},
                "agrees": True,
                "made_at": "2026-11-27T00:00:00Z",
                "arrives_on": "2026-12-01",
                "created_at": "2026-11-28T17:10:00Z",
            }
        )
    )

    id: UUID = Field(description="Id (UUID).")
    account_id: UUID | None = Field(description="Id of the business's own account (UUID); null: the platform's.")
    provider: ProviderName = Field(description="The payment provider.")
    provider_payout_id: str = Field(description="The provider's id of it.")
    status: PayoutStatus = Field(description="`paid`: the provider has sent it to the bank.")
    amount: MoneyRead = Field(description="What the bank gets; negative where the account owes the provider.")
    entries_net: MoneyRead = Field(description="The sum of its entries, less their fees.")
    fees: MoneyRead = Field(description="What the provider kept.")
    agrees: bool = Field(description="Whether the amount is the sum of the entries.")
    made_at: datetime = Field(description="When the provider made it, RFC 3339.")
    arrives_on: date | None = Field(description="Day at the bank; null while it is not known.")
    created_at: datetime = Field(description="When it was first read, RFC 3339.")

    @classmethod
    def of(cls, row: PayoutRow) -> Self:
        """A stored payout."""
        return cls(
            id=row.id,
            account_id=row.account_id,
            provider=ProviderName(row.provider),
            provider_payout_id=row.provider_payout_id,
            status=PayoutStatus(row.status),
            amount=MoneyRead(amount=row.amount, currency=row.currency),
            entries_net=MoneyRead(amount=row.entries_net, currency=row.currency),
            fees=MoneyRead(amount=row.fees, currency=row.currency),
            agrees=row.amount == row.entries_net,
            made_at=row.made_at,
            arrives_on=row.arrives_on,
            created_at=row.created_at,
        )


class PayoutEntryRead(Output):
    """One line of a payout."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": "019a0c71-2e3f-7b20-9c4d-5e6f7a8b9c0d",
                "payout_id": "019a0c70-1d2e-7a10-8b3c-4d5e6f7a8b9c",
                "payment_id": "019a0c60-2d3e-7f40-9c6b-8e0f5a2b4d05",
                "provider_entry_id": "txn_1SVcQ32eZvKYlo2C",
                "kind": "payment",
                "amount": {"amount": 6600, "currency": "JPY"},
                "fee": {"amount": 237, "currency": "JPY"},
                "net": {"amount": 6363, "currency": "JPY"},
                "is_computed": False,
                "entered_at": "2026-11-24T03:12:00Z",
            }
        )
    )

    id: UUID = Field(description="Id (UUID).")
    payout_id: UUID = Field(description="Id of the payout (UUID).")
    payment_id: UUID | None = Field(description="Id of the payment that it is about (UUID); null for others.")
    provider_entry_id: str = Field(description="The provider's id of it.")
    kind: EntryKind = Field(description="What it is about; `fee`: one that belongs to no payment.")
    amount: MoneyRead = Field(description="Before the fee; negative where money was taken from the account.")
    fee: MoneyRead = Field(description="The provider's fee; negative where it was given back.")
    net: MoneyRead = Field(description="`amount` less `fee`.")
    is_computed: bool = Field(
        description="The fee follows from the published rate: the provider says only the fee of the whole payout."
    )
    entered_at: datetime = Field(description="When it was entered at the provider, RFC 3339.")

    @classmethod
    def of(cls, row: EntryRow) -> Self:
        """A stored entry."""
        return cls(
            id=row.id,
            payout_id=row.payout_id,
            payment_id=row.payment_id,
            provider_entry_id=row.provider_entry_id,
            kind=EntryKind(row.kind),
            amount=MoneyRead(amount=row.amount, currency=row.currency),
            fee=MoneyRead(amount=row.fee, currency=row.currency),
            net=MoneyRead(amount=row.amount - row.fee, currency=row.currency),
            is_computed=row.is_computed,
            entered_at=row.entered_at,
        )
