"""How the run of a flag's rollout is started."""

from db import open_rows
from db.platform.outbox import START_ROLLOUT
from workflows.platform.flag_rollout import messages
from workflows.start import ProcessStart, no_attributes
from workflows.support import ids, queues

START = ProcessStart(
    command=START_ROLLOUT,
    workflow=messages.WORKFLOW,
    payload=messages.RolloutInput,
    queue=queues.PLATFORM,
    workflow_id=lambda start: ids.flag_rollout(start.rollout_id),
    attributes=no_attributes,
    summary=lambda start: f"{start.flag}: {len(start.plan.steps)} steps",
    open_rows=open_rows.ROLLOUTS,
)
