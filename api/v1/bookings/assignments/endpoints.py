"""Assigning a booking to another member of the staff."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.access.callers import Access, Now
from api.access.permissions import may
from api.http.envelope import Envelope, SuccessMessage, ok
from api.http.idempotency import OptionalKey, store_response
from api.http.operation_errors import raises
from api.v1.bookings.assignments.handlers import assign
from api.v1.bookings.bookings.schemas import BookingRead
from api.v1.scheduling.staff.schemas import AssignToBookingCommand
from domain.bookings.permissions import BookingAction

router = APIRouter(prefix="/staff", tags=["staff"])

MayAssign = Annotated[Access, Depends(may(BookingAction.ASSIGN, on="booking"))]


@router.post(
    "/assign-to-booking",
    summary="Assign a booking to another staff member",
    response_model=Envelope[BookingRead],
)
@raises(assign)
async def assign_to_booking(body: AssignToBookingCommand, access: MayAssign, now: Now, key: OptionalKey) -> Response:
    """At the same time, one service of the booking or all that the person performs; the person must work then and be
    free. The setting `staff_change_notice` says when the customer gets a message: by default if they had chosen the
    person who is replaced."""
    async with access.work(body.booking_id, key) as work:
        booking = await assign(work, access, body, now)
        return await store_response(work, ok(BookingRead.of(booking, access.works_here), SuccessMessage.UPDATED))
