"""Bookings that another member of the staff takes over, one by one or when somebody leaves."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from api.access.callers import Access, Now
from api.access.permissions import may
from api.http import routing
from api.http.confirm import Confirm
from api.http.envelope import Envelope, SuccessMessage, ok
from api.http.idempotency import OptionalKey, store_response
from api.http.operation_errors import raises
from api.v1.bookings.assignments.handlers import assign
from api.v1.bookings.bookings.schemas import BookingRead
from api.v1.scheduling.staff.schemas import AssignmentRead, AssignToBookingCommand
from domain.bookings.permissions import BookingAction
from domain.errors import WrongState
from domain.scheduling.permissions import SchedulingAction

router = routing.router("/staff", tags=["staff"])

MayTerminate = Annotated[Access, Depends(may(SchedulingAction.WRITE_STAFF, on="staff_assignments"))]
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


@router.delete(
    "/assignments/{assignment_id}/terminate",
    summary="End an assignment",
    response_model=Envelope[AssignmentRead],
)
@raises(WrongState)
async def terminate_assignment(assignment_id: UUID, access: MayTerminate, now: Now, confirm: Confirm) -> Response:
    """Access ends at once. Refused while bookings with the person are to come, unless confirmed: then each goes to
    another person who is free at that time, or is offered another one."""
    async with access.work(assignment_id) as work:
        row = await work.scheduling.staff.terminate(assignment_id, now, confirm, work.bookings.changes.hand_over)
    return ok(AssignmentRead.of(row), SuccessMessage.UPDATED)
