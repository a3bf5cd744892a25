"""Messages, and the e-mail provider's events about them."""

from uuid import UUID

from starlette.responses import Response

from api.access.listing import Listing
from api.access.signed_webhooks import SignedWebhook
from api.http.paging import Page
from api.v1.messages.notifications.schemas import NotificationCreate, NotificationRead
from db.engine.session import UnitOfWork
from db.messages.queries import NoticeRow
from domain.errors import RateLimited
from domain.messages.again import again_window
from domain.messages.kinds import NoticeStatus


async def notifications_page(
    access: Listing, business_id: UUID | None, status: NoticeStatus | None, unread: bool, page: Page
) -> Response:
    """A page of the caller's messages, or of all messages of a business; newest first."""
    if business_id is None:
        async with access.mine() as work:
            rows = await work.messages.notices.list_for_user(access.me.id, page.after_id, page.fetch, unread=unread)
    else:
        async with access.of("business", business_id) as work:
            rows = await work.messages.notices.list_for_business(business_id, page.after_id, page.fetch, status=status)
    return page.answer(rows, lambda row: NotificationRead.of(row, access.works_here), lambda row: (row.id,))


async def read_notification(access: Listing, notification_id: UUID) -> NotificationRead:
    """One message: the platform's own to the caller, or one of a business. Raises NotFound, Forbidden."""
    async with access.mine() as work:
        mine = await work.messages.notices.find_for_user(notification_id, access.me.id)
    if mine is not None:
        return NotificationRead.of(mine)
    async with access.of("notice", notification_id) as work:
        return NotificationRead.of(await work.messages.notices.get(notification_id), access.works_here)


async def send_again(work: UnitOfWork, body: NotificationCreate) -> NoticeRow:
    """Queue one message of a booking again. Raises NotFound, InvalidInput and RateLimited."""
    [counted] = await work.platform.rate_limits.count([again_window(body.booking_id)])
    if not counted.allowed:
        raise RateLimited({"retry_after": max(1, int(counted.resets_in.total_seconds()))})
    made = await work.messages.notices.queue_again(body.booking_id, body.kind)
    return await work.messages.notices.get(made)


async def apply_delivery_events(signed: SignedWebhook) -> int:
    """How many of our messages the events were about. Raises ForgedWebhook before anything is written."""
    events = signed.services.channels.email.parse_webhook(signed.body, signed.headers)
    async with signed.work() as work:
        return await work.messages.notices.apply_delivery(events)
