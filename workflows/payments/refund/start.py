"""How a refund's run is started and signalled."""

from dataclasses import dataclass
from uuid import UUID

from temporalio.common import SearchAttributePair

from db import open_rows
from db.engine.session import Database
from db.platform.outbox import REFUND_EVENT, START_REFUND
from workflows.payments.refund import messages
from workflows.start import ProcessSignal, ProcessStart, attributes
from workflows.support import ids, queues
from workflows.support.priorities import MONEY, business_key
from workflows.support.search_attributes import BOOKING_ID, BUSINESS_ID


@dataclass(frozen=True)
class RefundEvent:
    """Payload of ``refund.event``: a stored webhook event that concerns this refund."""

    refund_id: UUID
    business_id: UUID
    booking_id: UUID
    webhook_id: UUID


async def _again(event: RefundEvent, database: Database) -> messages.RefundInput:
    return messages.RefundInput(event.refund_id, event.business_id, event.booking_id)


START = ProcessStart(
    command=START_REFUND,
    workflow=messages.WORKFLOW,
    payload=messages.RefundInput,
    queue=queues.PAYMENTS,
    workflow_id=lambda start: ids.refund(start.refund_id),
    attributes=lambda start: attributes(
        SearchAttributePair(BUSINESS_ID, str(start.business_id)), SearchAttributePair(BOOKING_ID, str(start.booking_id))
    ),
    summary=lambda start: f"refund for booking {start.booking_id}",
    fairness_key=lambda start: business_key(start.business_id),
    priority=lambda start: MONEY,
    open_rows=open_rows.REFUNDS,
)

EVENTS = ProcessSignal(
    command=REFUND_EVENT,
    payload=RefundEvent,
    signal=messages.REFUND_EVENT,
    workflow_id=lambda event: ids.refund(event.refund_id),
    message=lambda event: messages.RefundEventInput(event.webhook_id),
    process=START,
    restart=_again,
)
