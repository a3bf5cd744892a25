"""Assigning a booking to another member of the staff."""

from datetime import datetime
from uuid import uuid4

from api.access.callers import Access
from api.http.operation_errors import raises
from api.v1.scheduling.staff.schemas import AssignToBookingCommand
from db.engine.session import UnitOfWork
from domain.bookings.commands import BookingCommand
from domain.bookings.view import BookingView
from domain.errors import WrongState
from domain.scheduling.errors import NotBookable, SlotTaken


@raises(WrongState, SlotTaken, NotBookable)
async def assign(work: UnitOfWork, access: Access, asked: AssignToBookingCommand, now: datetime) -> BookingView:
    """The booking with its new claim. Raises what ``ReassignStore.reassign`` raises."""
    actor = work.context.actor
    command = BookingCommand(
        asked.booking_id,
        access.business_id,
        f"assign/{uuid4()}",
        actor.kind,
        actor.user_id,
        resource_ids=(asked.resource_id,),
        item=asked.item,
    )
    texts = work.platform.command_texts
    if asked.reason is not None:
        await texts.store(access.business_id, command.command_id, asked.reason, asked.booking_id)
    await work.bookings.changes.reassign(command, now)
    if asked.reason is not None:
        await texts.take(access.business_id, command.command_id)  # already assigned to that person: no history entry
    return await work.bookings.get(asked.booking_id)
