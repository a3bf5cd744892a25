"""Another time for a booking that the business cannot keep, or a full refund."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.callers import Access, Now, Services
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, ok
from api.http.idempotency import RequiredKey
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.v1.bookings.bookings.command_handlers import CommandRequest, execute_command
from api.v1.bookings.bookings.hold_handlers import TIME_REFUSED
from api.v1.bookings.bookings.schemas import BookingChangedRead
from api.v1.bookings.reaccommodations.schemas import AcceptTimeCommand, OfferRead, ReaccommodationRead, read_offer
from domain.bookings.commands import Cause
from domain.bookings.permissions import BookingAction
from domain.errors import (
    RuleBroken,
)
from domain.scheduling.reaccommodation import ReaccommodationStatus
from workflows.bookings.booking import messages

router = routing.router(tags=["bookings"])

MayRead = Annotated[Access, Depends(may(BookingAction.READ, "booking", link=True))]
MayCancel = Annotated[Access, Depends(may(BookingAction.CANCEL, "booking", link=True))]
MayReschedule = Annotated[Access, Depends(may(BookingAction.RESCHEDULE, "booking", link=True))]
MayList = Annotated[Access, Depends(may(BookingAction.READ, on="business"))]


@router.get(
    "/bookings/{booking_id}/reaccommodation",
    summary="Get the other times offered for a booking",
    response_model=Envelope[OfferRead],
)
async def get_reaccommodation(booking_id: UUID, access: MayRead, now: Now) -> Response:
    """The newest offer of the booking, with the nearest free times while it waits for an answer."""
    async with access.work(booking_id) as work:
        return ok(await read_offer(work, booking_id, now))


@router.post(
    "/bookings/{booking_id}/reaccommodation/accept",
    summary="Accept another time",
    response_model=Envelope[BookingChangedRead],
)
@raises(execute_command, *TIME_REFUSED, RuleBroken)
async def accept_reaccommodation(
    booking_id: UUID, body: AcceptTimeCommand, access: MayReschedule, services: Services, key: RequiredKey
) -> Response:
    """Any free time; the business's lead time and booking window do not apply. Payment and policy do not change."""
    request = CommandRequest(
        messages.RESCHEDULE,
        start_at=body.start_at,
        resource_ids=body.resource_ids,
        stranded=True,
        cause=Cause.REACCOMMODATION,
    )
    return await execute_command(services, access, booking_id, key, request)


@router.post(
    "/bookings/{booking_id}/reaccommodation/decline",
    summary="Decline all other times and cancel the booking",
    response_model=Envelope[BookingChangedRead],
)
@raises(execute_command, RuleBroken)
async def decline_reaccommodation(
    booking_id: UUID, access: MayCancel, services: Services, key: RequiredKey
) -> Response:
    """Cancels without a penalty; everything that was paid is refunded."""
    request = CommandRequest(messages.CANCEL, stranded=True, cause=Cause.REACCOMMODATION)
    return await execute_command(services, access, booking_id, key, request)


@router.get(
    "/owner/businesses/{business_id}/reaccommodations",
    summary="List bookings that the business cannot keep",
    response_model=ListEnvelope[ReaccommodationRead],
)
async def list_reaccommodations(
    business_id: UUID,
    access: MayList,
    page: PageAsked,
    status: Annotated[ReaccommodationStatus | None, Query(description="Only those with this status.")] = None,
) -> Response:
    """Newest first, with how each was decided."""
    async with access.work(business_id) as work:
        rows = await work.scheduling.reaccommodations.list_reaccommodations(
            business_id, page.after_id, page.fetch, status
        )
    return page.answer(rows, ReaccommodationRead.of, lambda row: (row.id,))
