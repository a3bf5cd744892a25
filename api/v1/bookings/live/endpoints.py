"""Live events of a business or a booking."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Query, Request
from starlette.responses import Response, StreamingResponse

from api.access.callers import Access
from api.access.permissions import may
from api.http import routing
from api.http.operation_errors import raises
from api.v1.bookings.live.hub import LiveHub, slot_of
from api.v1.bookings.live.stream import Opening, stream
from domain.bookings.permissions import BookingAction
from domain.errors import Unavailable

router = routing.router(tags=["bookings"])

MayFollow = Annotated[Access, Depends(may(BookingAction.FOLLOW, "business"))]
MayRead = Annotated[Access, Depends(may(BookingAction.READ, "booking", link=True))]
Tab = Annotated[
    str,
    Query(
        alias="client",
        min_length=1,
        max_length=64,
        description="Id that the client chose for its tab. A new connection with the same id ends the one before.",
    ),
]
LastEvent = Annotated[
    UUID | None, Header(alias="Last-Event-ID", description="Id of the last event that was received (UUID).")
]
_EVENTS: dict[int | str, dict[str, Any]] = {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}}
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@router.get(
    "/businesses/{business_id}/events",
    summary="Follow the bookings of a business",
    response_class=StreamingResponse,
    responses=_EVENTS,
)
@raises(Unavailable)
async def get_business_events(
    business_id: UUID, request: Request, access: MayFollow, client: Tab = "default", last: LastEvent = None
) -> Response:
    """Server-sent events for those who work there: the name of an event says the change (`booking.confirmed`), its
    data has `booking_id`, `status` and `at`. An event may come twice, with the same id.

    After a lost connection the client sends `Last-Event-ID` and receives what it missed; `reset` means that it must
    read the list again. A connection ends after some minutes, and the client connects again.
    """
    async with access.work(business_id):
        opening = Opening(_slot(access, client), business_id, None, last, access.works_here)
    return _follow(request.app.state.live, opening)


@router.get(
    "/bookings/{booking_id}/events",
    summary="Follow one booking",
    response_class=StreamingResponse,
    responses=_EVENTS,
)
@raises(Unavailable)
async def get_booking_events(
    booking_id: UUID, request: Request, access: MayRead, client: Tab = "default", last: LastEvent = None
) -> Response:
    """As `GET /businesses/{business_id}/events`, for one booking: for its customer, a person with its link, and
    staff."""
    async with access.work(booking_id):
        opening = Opening(_slot(access, client), access.business_id, booking_id, last, access.works_here)
    return _follow(request.app.state.live, opening)


def _follow(hub: LiveHub, opening: Opening) -> Response:
    hub.check_room(opening.slot)
    return StreamingResponse(stream(hub, opening), media_type="text/event-stream", headers=_HEADERS)


def _slot(access: Access, client: str) -> str:
    """The owner of the connection: a login or a link, and one tab."""
    who = access.user_id or (access.link.object_id if access.link else access.address)
    return slot_of(who, client)
