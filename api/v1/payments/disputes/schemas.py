"""Schemas of disputes."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.fields import MoneyRead, Output, examples
from domain.payments.disputes import Dispute
from domain.payments.status import DisputeStatus


class DisputeRead(Output):
    """A chargeback or an inquiry of the customer's bank."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": "019a0c63-4c5d-7f70-8a9e-1b3c8d5e7a0c",
                "payment_id": "019a0c60-2d3e-7f40-9c6b-8e0f5a2b4d05",
                "booking_id": "019a0c5f-1c2d-7e30-9b5a-7d9e4f1a3c04",
                "provider_dispute_id": "du_1SVbN82eZvKYlo2C",
                "status": "open",
                "amount": {"amount": 6600, "currency": "JPY"},
                "reason": "fraudulent",
                "due_at": "2026-12-08T14:59:59Z",
                "fee": None,
                "evidence": {"booking": {"code": "K7M2Q9XA", "status": "completed"}, "messages": []},
                "evidence_sent_at": None,
                "closed_at": None,
                "created_at": "2026-12-01T01:31:00Z",
            }
        )
    )

    id: UUID = Field(description="Id (UUID).")
    payment_id: UUID = Field(description="Id of the payment (UUID).")
    booking_id: UUID = Field(description="Id of the booking (UUID).")
    provider_dispute_id: str = Field(description="The provider's id of it.")
    status: DisputeStatus = Field(description="`open`, `won` (the money stays) or `lost` (it is gone).")
    amount: MoneyRead = Field(description="The money that is in dispute.")
    reason: str = Field(description="The provider's code of the reason.")
    due_at: datetime | None = Field(
        description="The provider takes evidence until then, RFC 3339; null if it takes none or does not say it."
    )
    fee: MoneyRead | None = Field(description="What the provider charges for it; null while that is not known.")
    evidence: dict[str, Any] | None = Field(
        description="What was known of the booking when the dispute was opened: its history, movements of money,"
        " receipts and messages; null until it is gathered."
    )
    evidence_sent_at: datetime | None = Field(
        description="When the evidence was sent to the provider from here, RFC 3339; null until then."
    )
    closed_at: datetime | None = Field(description="When it ended, RFC 3339; null until then.")
    created_at: datetime = Field(description="When it was recorded here, RFC 3339.")

    @classmethod
    def of(cls, dispute: Dispute) -> Self:
        """A stored dispute."""
        return cls(
            id=dispute.id,
            payment_id=dispute.payment_id,
            booking_id=dispute.booking_id,
            provider_dispute_id=dispute.provider_dispute_id,
            status=dispute.status,
            amount=MoneyRead(amount=dispute.amount, currency=dispute.currency),
            reason=dispute.reason,
            due_at=dispute.due_at,
            fee=None if dispute.fee is None else MoneyRead(amount=dispute.fee, currency=dispute.currency),
            evidence=dict(dispute.evidence) if dispute.evidence is not None else None,
            evidence_sent_at=dispute.evidence_sent_at,
            closed_at=dispute.closed_at,
            created_at=dispute.created_at,
        )
