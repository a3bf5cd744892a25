"""The signal to the run of a waitlist; without an open run it starts a new one."""

from dataclasses import dataclass
from uuid import UUID

from temporalio.common import SearchAttributePair

from db import open_rows
from db.engine.session import Database
from db.platform.outbox import WAKE_WAITLIST
from workflows.bookings.waitlist import messages
from workflows.start import ProcessSignal, ProcessStart, always, attributes
from workflows.support import ids, queues
from workflows.support.priorities import business_key
from workflows.support.search_attributes import BUSINESS_ID


@dataclass(frozen=True)
class WaitlistWake:
    """Payload of ``waitlist.wake``."""

    business_id: UUID


async def _input_of(wake: WaitlistWake, database: Database) -> messages.WaitlistInput:
    return messages.WaitlistInput(wake.business_id)


START = ProcessStart(
    command="waitlist.start",
    workflow=messages.WORKFLOW,
    payload=messages.WaitlistInput,
    queue=queues.BOOKINGS,
    workflow_id=lambda start: ids.waitlist(start.business_id),
    attributes=lambda start: attributes(SearchAttributePair(BUSINESS_ID, str(start.business_id))),
    summary=lambda start: "offers freed time to those who wait",
    restarts=always,
    fairness_key=lambda start: business_key(start.business_id),
    open_rows=open_rows.WAITLISTS,
)

WOKEN = ProcessSignal(
    command=WAKE_WAITLIST,
    payload=WaitlistWake,
    signal=messages.TIME_FREED,
    workflow_id=lambda wake: ids.waitlist(wake.business_id),
    message=lambda wake: messages.TimeFreedInput(),
    process=START,
    restart=_input_of,
)
