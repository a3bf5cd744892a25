"""How the run of an export of figures is started."""

from temporalio.common import SearchAttributePair

from db import open_rows
from db.platform.outbox import START_ANALYTICS_EXPORT
from workflows.analytics.export import messages
from workflows.start import ProcessStart, attributes
from workflows.support import ids, queues
from workflows.support.search_attributes import BUSINESS_ID

START = ProcessStart(
    command=START_ANALYTICS_EXPORT,
    workflow=messages.WORKFLOW,
    payload=messages.AnalyticsExportInput,
    queue=queues.ANALYTICS,
    workflow_id=lambda start: ids.analytics_export(start.export_id),
    attributes=lambda start: attributes(
        *([SearchAttributePair(BUSINESS_ID, str(start.business_id))] if start.business_id else [])
    ),
    summary=lambda start: "an export of the figures of many business days",
    fairness_key=lambda start: str(start.business_id or "platform"),
    open_rows=open_rows.ANALYTICS_EXPORTS,
)
