"""How the run of an erasure is started."""

from db import open_rows
from db.platform.outbox import START_ERASURE
from workflows.privacy.erasure import messages
from workflows.start import ProcessStart, no_attributes
from workflows.support import ids, queues

START = ProcessStart(
    command=START_ERASURE,
    workflow=messages.WORKFLOW,
    payload=messages.ErasureInput,
    queue=queues.PLATFORM,
    workflow_id=lambda start: ids.erasure(start.user_id),
    attributes=no_attributes,
    summary=lambda start: "the erasure of one person's data",
    open_rows=open_rows.ERASURES,
)
