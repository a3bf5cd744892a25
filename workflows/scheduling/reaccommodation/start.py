"""How a re-accommodation's run is started and signalled."""

from dataclasses import dataclass
from uuid import UUID

from temporalio.common import SearchAttributePair

from db import open_rows
from db.platform.outbox import REACCOMMODATION_DECIDED, START_REACCOMMODATION
from workflows.scheduling.reaccommodation import messages
from workflows.start import ProcessSignal, ProcessStart, attributes
from workflows.support import ids, queues
from workflows.support.priorities import business_key
from workflows.support.search_attributes import BOOKING_ID, BUSINESS_ID


@dataclass(frozen=True)
class Decided:
    """Payload of ``reaccommodation.decided``; ``status`` is the result."""

    booking_id: UUID
    number: int
    status: str


START = ProcessStart(
    command=START_REACCOMMODATION,
    workflow=messages.WORKFLOW,
    payload=messages.ReaccommodationInput,
    queue=queues.BOOKINGS,
    workflow_id=lambda start: ids.reaccommodation(start.booking_id, start.number),
    attributes=lambda start: attributes(
        SearchAttributePair(BUSINESS_ID, str(start.business_id)), SearchAttributePair(BOOKING_ID, str(start.booking_id))
    ),
    summary=lambda start: f"another time for booking {start.booking_id}, until {start.decide_by:%Y-%m-%d %H:%M} UTC",
    fairness_key=lambda start: business_key(start.business_id),
    open_rows=open_rows.REACCOMMODATIONS,
)

DECIDED = ProcessSignal(
    command=REACCOMMODATION_DECIDED,
    payload=Decided,
    signal=messages.DECIDED,
    workflow_id=lambda decided: ids.reaccommodation(decided.booking_id, decided.number),
    message=lambda decided: messages.DecidedInput(decided.status),
)
