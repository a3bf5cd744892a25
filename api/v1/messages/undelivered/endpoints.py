"""Operators see which messages did not arrive, and send one again."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.callers import Now
from api.access.operators import Operator, operator
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, SuccessMessage, ok
from api.http.idempotency import OptionalKey, store_response
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.http.rate_limits import RateClass, limited
from api.v1.messages.undelivered.schemas import UndeliveredRead, UndeliveredStatus
from domain.errors import NotFound, WrongState
from domain.messages.kinds import NoticeStatus
from domain.messages.permissions import MessageAction

router = routing.router("/admin/notices", tags=["admin"])

MayRead = Annotated[Operator, Depends(operator(MessageAction.READ_UNDELIVERED))]
MayRetry = Annotated[Operator, Depends(operator(MessageAction.RETRY))]


@router.get("", summary="List messages that did not arrive", response_model=ListEnvelope[UndeliveredRead])
async def list_undelivered(
    admin: MayRead,
    page: PageAsked,
    status: Annotated[UndeliveredStatus, Query(description="What became of them.")] = NoticeStatus.FAILED,
) -> Response:
    """Of every business and of the platform itself, newest first."""
    async with admin.work() as work:
        rows = await work.messages.notices.list_undelivered(NoticeStatus(status), page.after_id, page.fetch)
    return page.answer(rows, UndeliveredRead.of, lambda row: (row.id,))


@router.post(
    "/{notification_id}/retry",
    summary="Send any failed message again",
    response_model=Envelope[UndeliveredRead],
)
@raises(NotFound, WrongState)
@limited(RateClass.STRICT)
async def retry_undelivered(notification_id: UUID, admin: MayRetry, now: Now, key: OptionalKey) -> Response:
    """As `POST /notifications/{id}/retry`, also for messages of the platform itself. Tried for another 24 hours."""
    async with admin.work(key) as work:
        notice = await work.messages.notices.retry(notification_id, now)
        return await store_response(work, ok(UndeliveredRead.of(notice), SuccessMessage.UPDATED))
