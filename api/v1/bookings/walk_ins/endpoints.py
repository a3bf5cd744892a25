"""Walk-ins: customers who come without a booking."""

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from api.access.callers import Access, Now, Services
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope
from api.http.idempotency import RequiredKey
from api.http.operation_errors import raises
from api.v1.bookings.bookings.schemas import BookingCreatedRead
from api.v1.bookings.walk_ins.handlers import take_in
from api.v1.bookings.walk_ins.schemas import WalkInCreate
from domain.bookings.permissions import BookingAction

router = routing.router("/bookings", tags=["bookings"])

MayTakeIn = Annotated[Access, Depends(may(BookingAction.CREATE_FOR_CUSTOMER, "service"))]


@router.post(
    "/walk-in",
    status_code=201,
    summary="Create a booking for a walk-in",
    response_model=Envelope[BookingCreatedRead],
)
@raises(take_in)
async def create_walk_in(
    body: WalkInCreate, access: MayTakeIn, services: Services, now: Now, key: RequiredKey
) -> Response:
    """Books the services from this minute on and checks the customer in. Nothing is asked online, and nobody gets a
    message. It must fit like any other booking, except that the start may be any minute. Undo reverts the check-in."""
    return await take_in(access, key, body, services, now)
