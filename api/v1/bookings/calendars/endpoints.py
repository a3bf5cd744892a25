"""Calendar feeds: private addresses from which calendars read bookings."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Path, Query
from starlette.responses import Response

from api.access.callers import Access, AnonymousCaller, Now, Services
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, SuccessMessage, created, ok
from api.http.fields import DeletedRead
from api.http.idempotency import OptionalKey, store_response
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.v1.bookings.calendars.handlers import read_feed
from api.v1.bookings.calendars.schemas import CalendarFeedAddressRead, CalendarFeedCreate, CalendarFeedRead
from api.v1.scheduling.staff.handlers import check_schedule
from domain.errors import RuleBroken
from domain.scheduling.permissions import SchedulingAction

router = routing.router(tags=["bookings"])

MayList = Annotated[Access, Depends(may(SchedulingAction.READ_SCHEDULE, on="business"))]
MayCreate = Annotated[Access, Depends(may(SchedulingAction.WRITE_OWN_SCHEDULE, on="business"))]
MayWrite = Annotated[Access, Depends(may(SchedulingAction.WRITE_OWN_SCHEDULE, on="calendar_feeds"))]
Token = Annotated[str, Path(max_length=200, description="Token of the feed's address.")]
Seen = Annotated[
    str | None, Header(alias="If-None-Match", max_length=500, description="`ETag` of the file that the caller has.")
]
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/calendar": {}}, "description": "The calendar."},
    304: {"description": "Unchanged."},
}


@router.post(
    "/calendars",
    status_code=201,
    summary="Create a calendar feed",
    response_model=Envelope[CalendarFeedAddressRead],
)
@raises(RuleBroken)
async def create_calendar_feed(
    body: CalendarFeedCreate, access: MayCreate, services: Services, key: OptionalKey
) -> Response:
    """Staff make feeds of their own bookings, managers of everybody's and of the whole business. The address is shown
    once."""
    async with access.work(body.business_id, key) as work:
        await check_schedule(work, access, body.resource_id)
        row, token = await work.bookings.feeds.add_feed(body.business_id, body.resource_id)
        made = CalendarFeedAddressRead.with_address(row, token, services.settings.public_url)
        return await store_response(work, created(made))


@router.get(
    "/calendars",
    summary="List the calendar feeds of a business",
    response_model=ListEnvelope[CalendarFeedRead],
)
async def list_calendar_feeds(business_id: UUID, access: MayList, page: PageAsked) -> Response:
    """In the order in which they were made, without their addresses."""
    async with access.work(business_id) as work:
        rows = await work.bookings.feeds.list_feeds(business_id, page.after_id, page.fetch)
    return page.answer(rows, CalendarFeedRead.of, lambda row: (row.id,))


@router.post(
    "/calendars/{feed_id}/rotate",
    summary="Change the address of a calendar feed",
    response_model=Envelope[CalendarFeedAddressRead],
)
async def rotate_calendar_feed(
    feed_id: UUID, access: MayWrite, services: Services, now: Now, key: OptionalKey
) -> Response:
    """The old address becomes invalid. The new one is shown once."""
    async with access.work(feed_id, key) as work:
        await check_schedule(work, access, (await work.bookings.feeds.get_feed(feed_id)).resource_id)
        row, token = await work.bookings.feeds.rotate_feed(feed_id, now)
        made = CalendarFeedAddressRead.with_address(row, token, services.settings.public_url)
        return await store_response(work, ok(made, SuccessMessage.UPDATED))


@router.delete(
    "/calendars/{feed_id}",
    summary="Revoke a calendar feed",
    response_model=Envelope[DeletedRead],
)
async def delete_calendar_feed(feed_id: UUID, access: MayWrite) -> Response:
    """Its address becomes invalid."""
    async with access.work(feed_id) as work:
        await check_schedule(work, access, (await work.bookings.feeds.get_feed(feed_id)).resource_id)
        await work.bookings.feeds.remove_feed(feed_id)
    return ok(DeletedRead(id=feed_id), SuccessMessage.DELETED)


@router.get("/calendars/{token}.ics", summary="Get a calendar feed", response_class=Response, responses=_FILE)
@raises(read_feed)
async def get_calendar_feed(token: Token, caller: AnonymousCaller, now: Now, seen: Seen = None) -> Response:
    """RFC 5545. Bookings from 31 days ago to 400 days ahead, cancelled ones too, and blocked times. Customers are named
    only where the owner's settings say so (`feeds_name_customers`)."""
    return await read_feed(caller, token, now, seen)


@router.get(
    "/businesses/{business_id}/calendar.ics",
    summary="Get a calendar feed of a business",
    response_class=Response,
    responses=_FILE,
)
@raises(read_feed)
async def get_calendar_of_business(
    business_id: UUID,
    caller: AnonymousCaller,
    now: Now,
    token: Annotated[str, Query(max_length=200, description="Token of the feed's address; required.")] = "",
    seen: Seen = None,
) -> Response:
    """As `/calendars/{token}.ics`, for a feed of this business."""
    return await read_feed(caller, token, now, seen, business_id)
