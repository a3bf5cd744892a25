"""The start descriptor of the run of a reset."""

from db import open_rows
from db.platform.outbox import START_TWO_FACTOR_RESET
from workflows.identity.two_factor_reset import messages
from workflows.start import ProcessStart, no_attributes
from workflows.support import ids, queues

START = ProcessStart(
    command=START_TWO_FACTOR_RESET,
    workflow=messages.WORKFLOW,
    payload=messages.TwoFactorResetInput,
    queue=queues.PLATFORM,
    workflow_id=lambda start: ids.two_factor_reset(start.reset_id),
    attributes=no_attributes,
    summary=lambda start: "the reset of one second factor",
    open_rows=open_rows.TWO_FACTOR_RESETS,
)
