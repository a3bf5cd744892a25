"""How the run of an import is started."""

from temporalio.common import SearchAttributePair

from db import open_rows
from db.platform.outbox import START_CUSTOMER_IMPORT
from workflows.customers.importing import messages
from workflows.start import ProcessStart, attributes
from workflows.support import ids, queues
from workflows.support.search_attributes import BUSINESS_ID

START = ProcessStart(
    command=START_CUSTOMER_IMPORT,
    workflow=messages.WORKFLOW,
    payload=messages.CustomerImportInput,
    queue=queues.PLATFORM,
    workflow_id=lambda start: ids.customer_import(start.import_id),
    attributes=lambda start: attributes(SearchAttributePair(BUSINESS_ID, str(start.business_id))),
    summary=lambda start: "an import of customers from a file",
    fairness_key=lambda start: str(start.business_id),
    open_rows=open_rows.IMPORTS,
)
