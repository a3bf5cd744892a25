"""How the run of an archive is started."""

from temporalio.common import SearchAttributePair

from db import open_rows
from db.platform.outbox import START_BUSINESS_ARCHIVE
from workflows.customers.archive import messages
from workflows.start import ProcessStart, attributes
from workflows.support import ids, queues
from workflows.support.search_attributes import BUSINESS_ID

START = ProcessStart(
    command=START_BUSINESS_ARCHIVE,
    workflow=messages.WORKFLOW,
    payload=messages.BusinessArchiveInput,
    queue=queues.PLATFORM,
    workflow_id=lambda start: ids.business_archive(start.archive_id),
    attributes=lambda start: attributes(SearchAttributePair(BUSINESS_ID, str(start.business_id))),
    summary=lambda start: "an archive of everything that a business owns",
    fairness_key=lambda start: str(start.business_id),
    open_rows=open_rows.ARCHIVES,
)
