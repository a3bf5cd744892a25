"""How the run of a notice is started."""

from temporalio.common import SearchAttributePair

from db import open_rows
from db.platform.outbox import START_NOTICE
from domain.messages.kinds import AccountEmailKind, NoticeKind
from workflows.messages.notice import messages
from workflows.start import ProcessStart, attributes
from workflows.support import ids, queues
from workflows.support.priorities import ANSWER, CAMPAIGN, REMINDER, business_key
from workflows.support.search_attributes import BUSINESS_ID

_LATER = frozenset(
    {
        NoticeKind.BOOKING_REMINDER,
        NoticeKind.REACCOMMODATION_REMINDER,
        NoticeKind.BOOKING_COMPLETED,
        NoticeKind.REVIEW_REQUESTED,
    }
)


def _priority(start: messages.NoticeInput) -> int:
    if start.kind == AccountEmailKind.CAMPAIGN_MESSAGE:
        return CAMPAIGN
    return REMINDER if start.kind in _LATER else ANSWER


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
    fairness_key=lambda start: business_key(start.business_id),
    priority=_priority,
    # A person asked to try again after the first run had given up; or it goes through the next channel.
    restarts=lambda event: event in {"notice.retried", "notice.fell_back", "notice.unread"},
    open_rows=open_rows.NOTICES,
)
