"""How a dispute's run is started."""

from temporalio.common import SearchAttributePair

from db import open_rows
from db.platform.outbox import START_DISPUTE
from workflows.payments.dispute import messages
from workflows.start import ProcessStart, attributes
from workflows.support import ids, queues
from workflows.support.search_attributes import BOOKING_ID, BUSINESS_ID

START = ProcessStart(
    command=START_DISPUTE,
    workflow=messages.WORKFLOW,
    payload=messages.DisputeInput,
    queue=queues.PAYMENTS,
    workflow_id=lambda start: ids.dispute(start.dispute_id, start.due_at),
    attributes=lambda start: attributes(
        SearchAttributePair(BUSINESS_ID, str(start.business_id)), SearchAttributePair(BOOKING_ID, str(start.booking_id))
    ),
    summary=lambda start: f"dispute about booking {start.booking_id}",
    open_rows=open_rows.DISPUTES,
)
