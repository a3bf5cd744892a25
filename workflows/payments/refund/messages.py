"""The messages of a refund's workflow."""

from dataclasses import dataclass
from uuid import UUID

WORKFLOW = "refund"

#: Signal: the provider has an event about this refund; argument `RefundEventInput`.
REFUND_EVENT = "refund_event"


@dataclass(frozen=True)
class RefundInput:
    """The row in ``refunds`` exists already."""

    refund_id: UUID
    business_id: UUID
    booking_id: UUID


@dataclass(frozen=True)
class RefundEventInput:
    """A stored webhook event is to be applied."""

    webhook_id: UUID
