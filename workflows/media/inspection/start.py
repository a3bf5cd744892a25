"""How the run of a picture or film is started."""

from temporalio.common import SearchAttributePair

from db import open_rows
from db.platform.outbox import START_MEDIA
from workflows.media.inspection import messages
from workflows.start import ProcessStart, attributes
from workflows.support import ids, queues
from workflows.support.search_attributes import BUSINESS_ID

START = ProcessStart(
    command=START_MEDIA,
    workflow=messages.WORKFLOW,
    payload=messages.MediaInput,
    queue=queues.MEDIA,
    workflow_id=lambda start: ids.media(start.media_id),
    attributes=lambda start: attributes(SearchAttributePair(BUSINESS_ID, str(start.business_id))),
    summary=lambda start: "inspection of a picture or film",
    fairness_key=lambda start: str(start.business_id),
    open_rows=open_rows.MEDIA,
)
