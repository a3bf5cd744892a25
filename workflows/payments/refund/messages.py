"""What can be said to a refund's workflow."""

from dataclasses import dataclass
from uuid import UUID

WORKFLOW = "refund"

#: Signal: the provider has an event about this refund; argument `RefundEventInput`.
REFUND_EVENT = "refund_event"


@dataclass(frozen=True)
class RefundInput:
    """The row in ``refunds`` is there already."""

    refund_id: UUID
    business_id: UUID
    booking_id: UUID


@dataclass(frozen=True)
class RefundEventInput:
    """A row of the inbox waits to be applied."""

    webhook_id: UUID
