"""Messages: lists, marking as read, and retrying a failed one."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.callers import Access, CurrentUser, Now
from api.access.listing import Listing, may_list
from api.access.permissions import may
from api.access.signed_webhooks import PROVIDERS_BODY, Signed
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, SuccessMessage, created, ok
from api.http.idempotency import OptionalKey, store_response
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.http.rate_limits import RateClass, limited
from api.v1.messages.notifications.handlers import (
    apply_delivery_events,
    notifications_page,
    read_notification,
    send_again,
)
from api.v1.messages.notifications.schemas import (
    DeliveryWebhookRead,
    NotificationCreate,
    NotificationRead,
    NotificationUpdate,
)
from domain.errors import Forbidden, ForgedWebhook, NotFound, WrongState
from domain.messages.kinds import NoticeStatus
from domain.messages.permissions import MessageAction

router = routing.router("/notifications", tags=["notifications"])

MayList = Annotated[Listing, Depends(may_list(MessageAction.READ))]
MaySendAgain = Annotated[Access, Depends(may(MessageAction.SEND_AGAIN, "booking"))]
MayRetry = Annotated[Access, Depends(may(MessageAction.RETRY, "notice"))]


@router.get(
    "",
    summary="List my messages or those of a business",
    response_model=ListEnvelope[NotificationRead],
)
async def list_notifications(
    access: MayList,
    page: PageAsked,
    business_id: Annotated[UUID | None, Query(description="All that it sent; for those who work there.")] = None,
    status: Annotated[NoticeStatus | None, Query(description="With `business_id`.")] = None,
    unread: Annotated[bool, Query(description="Without `business_id`: leave out what was read.")] = False,
) -> Response:
    """Newest first."""
    return await notifications_page(access, business_id, status, unread, page)


@router.post(
    "", status_code=201, summary="Send a booking's message once more", response_model=Envelope[NotificationRead]
)
@limited(RateClass.STRICT)
async def create_notification(body: NotificationCreate, access: MaySendAgain, key: OptionalKey) -> Response:
    """To its customer, who does not find the first one: to the address that the booking has now. Five times a day for
    one booking."""
    async with access.work(body.booking_id, key) as work:
        notice = await send_again(work, body)
        return await store_response(work, created(NotificationRead.of(notice, access.works_here)))


@router.get(
    "/{notification_id}",
    summary="Get a message",
    response_model=Envelope[NotificationRead],
)
async def get_notification(notification_id: UUID, access: MayList) -> Response:
    """For its recipient and for members of the business."""
    return ok(await read_notification(access, notification_id))


@router.put(
    "/{notification_id}",
    summary="Mark a message as read",
    response_model=Envelope[NotificationRead],
)
@raises(Forbidden, NotFound)
async def update_notification(
    notification_id: UUID, body: NotificationUpdate, caller: CurrentUser, now: Now
) -> Response:
    """Only by its recipient; the first time counts."""
    async with caller.work(action=MessageAction.READ) as work:
        return ok(
            NotificationRead.of(await work.messages.notices.mark_read(notification_id, caller.id, now)),
            SuccessMessage.UPDATED,
        )


@router.post(
    "/{notification_id}/retry",
    summary="Send a failed message again",
    response_model=Envelope[NotificationRead],
)
@raises(WrongState)
@limited(RateClass.STRICT)
async def retry_notification(notification_id: UUID, access: MayRetry, now: Now, key: OptionalKey) -> Response:
    """Tried for another 24 hours."""
    async with access.work(notification_id, key) as work:
        notice = await work.messages.notices.retry(notification_id, now)
        return await store_response(work, ok(NotificationRead.of(notice, access.works_here), SuccessMessage.UPDATED))


@router.post(
    "/webhook/sendgrid",
    summary="Receive delivery events of SendGrid",
    response_model=Envelope[DeliveryWebhookRead],
    openapi_extra=PROVIDERS_BODY,
)
@raises(ForgedWebhook)
@limited(RateClass.NONE)
async def receive_sendgrid_webhook(signed: Signed) -> Response:
    """Verified by its signature; applied in any order, any number of times."""
    return ok({"known": await apply_delivery_events(signed)})
