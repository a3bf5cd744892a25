"""How the run of a notice is started."""

from temporalio.common import SearchAttributePair

from db.platform.outbox import START_NOTICE
from workflows.messages.notice import messages
from workflows.start import ProcessStart, attributes
from workflows.support import ids, queues
from workflows.support.search_attributes import BUSINESS_ID

START = ProcessStart(
    command=START_NOTICE,
    workflow=messages.WORKFLOW,
    payload=messages.NoticeInput,
    queue=queues.NOTICES,
    workflow_id=lambda start: ids.notice(start.notice_id),
    attributes=lambda start: attributes(
        *([SearchAttributePair(BUSINESS_ID, str(start.business_id))] if start.business_id else [])
    ),
    summary=lambda start: start.kind,
    # A person asked to try again after the first run had given up.
    restarts=lambda event: event == "notice.retried",
)
