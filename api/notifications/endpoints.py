"""What people were told, whether they read it, and sending again what failed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from api.dependencies import Access, Me, Now, may
from api.envelope import Envelope, ListEnvelope, Said, ok
from api.errors import body_errors, errors
from api.idempotency import OptionalKey, kept
from api.listing import Listing, may_list
from api.notifications.reading import list_notifications, read_notification, take_delivery_news
from api.notifications.schemas import DeliveryWebhookRead, NotificationRead, NotificationUpdate
from api.pagination import PageAsked
from api.ratelimit import RateClass, limited
from api.signed import PROVIDERS_BODY, Signed
from domain.errors import (
    Forbidden,
    ForgedWebhook,
    IdempotencyKeyReused,
    NotFound,
    RequestInProgress,
    Unauthenticated,
    WrongState,
)
from domain.notices import NoticeStatus
from domain.permissions import Action

router = APIRouter(prefix="/notifications", tags=["notifications"])

MayList = Annotated[Listing, Depends(may_list(Action.NOTIFICATION_READ))]
MayRetry = Annotated[Access, Depends(may(Action.NOTIFICATION_RETRY, "notice"))]

_WHO = (Unauthenticated, Forbidden, NotFound)


@router.get(
    "",
    summary="My messages, or those of a business",
    response_model=ListEnvelope[NotificationRead],
    responses=errors(*_WHO),
)
async def get_notifications(
    access: MayList,
    page: PageAsked,
    business_id: Annotated[UUID | None, Query(description="All that it sent; for those who work there.")] = None,
    status: Annotated[NoticeStatus | None, Query(description="With `business_id`.")] = None,
    unread: Annotated[bool, Query(description="Without `business_id`: leave out what was read.")] = False,
) -> Response:
    """Newest first."""
    return await list_notifications(access, business_id, status, unread, page)


@router.get(
    "/{notification_id}",
    summary="One message",
    response_model=Envelope[NotificationRead],
    responses=errors(*_WHO),
)
async def get_notification(notification_id: UUID, access: MayList) -> Response:
    """For its recipient and for those who work at the business."""
    return ok(await read_notification(access, notification_id))


@router.put(
    "/{notification_id}",
    summary="Note that a message was read",
    response_model=Envelope[NotificationRead],
    responses=body_errors(*_WHO),
)
async def update_notification(notification_id: UUID, body: NotificationUpdate, me: Me, now: Now) -> Response:
    """By its recipient alone; the first time counts."""
    async with me.work(action=Action.NOTIFICATION_READ) as work:
        return ok(NotificationRead.of(await work.notices.mark_read(notification_id, me.id, now)), Said.UPDATED)


@router.post(
    "/{notification_id}/retry",
    summary="Send a failed message again",
    response_model=Envelope[NotificationRead],
    responses=errors(*_WHO, WrongState, IdempotencyKeyReused, RequestInProgress),
)
@limited(RateClass.STRICT)
async def retry_notification(notification_id: UUID, access: MayRetry, now: Now, key: OptionalKey) -> Response:
    """Tried for another 24 hours."""
    async with access.work(notification_id, key) as work:
        notice = await work.notices.retry(notification_id, now)
        return await kept(work, ok(NotificationRead.of(notice, access.works_here), Said.UPDATED))


@router.post(
    "/webhook/sendgrid",
    summary="SendGrid's news of deliveries",
    response_model=Envelope[DeliveryWebhookRead],
    responses=body_errors(ForgedWebhook),
    openapi_extra=PROVIDERS_BODY,
)
@limited(RateClass.NONE)
async def take_sendgrid_webhook(signed: Signed) -> Response:
    """Verified by its signature; applied in any order, any number of times."""
    return ok({"known": await take_delivery_news(signed)})
