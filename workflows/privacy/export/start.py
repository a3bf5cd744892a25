"""How the run of a data export is started."""

from db import open_rows
from db.platform.outbox import START_EXPORT
from workflows.privacy.export import messages
from workflows.start import ProcessStart, no_attributes
from workflows.support import ids, queues

START = ProcessStart(
    command=START_EXPORT,
    workflow=messages.WORKFLOW,
    payload=messages.ExportInput,
    queue=queues.PLATFORM,
    workflow_id=lambda start: ids.export(start.export_id),
    attributes=no_attributes,
    summary=lambda start: "an export of one person's data",
    open_rows=open_rows.EXPORTS,
)
