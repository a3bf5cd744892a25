"""What the endpoints of a schedule and of an assignment do beside the store's one call."""

from datetime import datetime
from uuid import UUID, uuid4

from api.access.callers import Access
from api.v1.scheduling.staff.schemas import AssignToBooking
from db.engine.session import UnitOfWork
from domain.bookings.commands import BookingCommand
from domain.bookings.view import BookingView
from domain.errors import Forbidden
from domain.permissions import Action, allowed


async def assign(work: UnitOfWork, access: Access, asked: AssignToBooking, now: datetime) -> BookingView:
    """The booking with its new claim. Raises what ``ReassignStore.reassign`` raises."""
    actor = work.context.actor
    command = BookingCommand(
        asked.booking_id,
        access.business_id,
        f"assign/{uuid4()}",
        actor.kind,
        actor.user_id,
        asked.reason,
        resource_ids=(asked.resource_id,),
    )
    await work.bookings.changes.reassign(command, now)
    return await work.bookings.get(asked.booking_id)


async def check_schedule(work: UnitOfWork, access: Access, resource_id: UUID) -> None:
    """Who may write every schedule may write this one; others only their own. Raises Forbidden."""
    if access.role is not None and allowed(access.role, Action.SCHEDULE_WRITE):
        return
    if not await work.scheduling.staff.is_own(resource_id, access.user_id):
        raise Forbidden({"action": Action.SCHEDULE_WRITE.value})
