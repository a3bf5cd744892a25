"""The signal to the run of an automation; without an open run it starts a new one."""

from temporalio.common import SearchAttributePair

from db import open_rows
from db.engine.session import Database
from db.platform.outbox import AUTOMATION_CHANGED
from workflows.marketing.automation import messages
from workflows.start import ProcessSignal, ProcessStart, always, attributes
from workflows.support import ids, queues
from workflows.support.priorities import CAMPAIGN
from workflows.support.search_attributes import BUSINESS_ID


async def _input_of(about: messages.AutomationInput, database: Database) -> messages.AutomationInput:
    return about


START = ProcessStart(
    command="automation.start",
    workflow=messages.WORKFLOW,
    payload=messages.AutomationInput,
    queue=queues.PLATFORM,
    workflow_id=lambda start: ids.automation(start.automation_id),
    attributes=lambda start: attributes(SearchAttributePair(BUSINESS_ID, str(start.business_id))),
    summary=lambda start: f"automation {start.automation_id}",
    restarts=always,
    fairness_key=lambda start: str(start.business_id),
    priority=lambda start: CAMPAIGN,
    open_rows=open_rows.AUTOMATIONS,
)

CHANGED = ProcessSignal(
    command=AUTOMATION_CHANGED,
    payload=messages.AutomationInput,
    signal=messages.CHANGED,
    workflow_id=lambda about: ids.automation(about.automation_id),
    message=lambda about: messages.AutomationChanged(),
    process=START,
    restart=_input_of,
)
