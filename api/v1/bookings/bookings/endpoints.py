"""Bookings: making, reading, and all commands."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.callers import Access, Now, Services
from api.access.listing import Listing, may_list
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, ok
from api.http.idempotency import RequiredKey
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.http.times import Day
from api.v1.bookings.bookings.command_handlers import CommandRequest, execute_command, prove_contact
from api.v1.bookings.bookings.create_schemas import BookingCreate
from api.v1.bookings.bookings.handlers import AskedBookings, bookings_page, history_page, write_changes
from api.v1.bookings.bookings.history_schemas import HistoryRead
from api.v1.bookings.bookings.hold_handlers import TIME_REFUSED, take
from api.v1.bookings.bookings.proof_schemas import ProofCommand
from api.v1.bookings.bookings.quote_handlers import quote, quote_reschedule, starts_for_reschedule
from api.v1.bookings.bookings.quote_schemas import QuoteRead, RescheduleQuoteRead
from api.v1.bookings.bookings.schemas import (
    BookingChangedRead,
    BookingCreatedRead,
    BookingRead,
    BookingUpdate,
    NoShowCommand,
    ReasonCommand,
    RescheduleCommand,
)
from api.v1.scheduling.availability.schemas import AvailabilityRead
from domain.bookings.permissions import BookingAction
from domain.errors import (
    RuleBroken,
)
from workflows.bookings.booking import messages

router = routing.router("/bookings", tags=["bookings"])

MayBook = Annotated[Access, Depends(may(BookingAction.CREATE, "service", public=True))]
MayList = Annotated[Listing, Depends(may_list(BookingAction.READ))]
MayRead = Annotated[Access, Depends(may(BookingAction.READ, "booking", link=True))]
MayUpdate = Annotated[Access, Depends(may(BookingAction.UPDATE, "booking"))]
MayCancel = Annotated[Access, Depends(may(BookingAction.CANCEL, "booking", link=True))]
MayReschedule = Annotated[Access, Depends(may(BookingAction.RESCHEDULE, "booking", link=True))]
MayProve = Annotated[Access, Depends(may(BookingAction.PROVE, "booking", link=True))]
MayConfirm = Annotated[Access, Depends(may(BookingAction.CONFIRM, "booking"))]
MayDecline = Annotated[Access, Depends(may(BookingAction.DECLINE, "booking"))]
MayCheckIn = Annotated[Access, Depends(may(BookingAction.CHECK_IN, "booking"))]
MayComplete = Annotated[Access, Depends(may(BookingAction.COMPLETE, "booking"))]
MayNoShow = Annotated[Access, Depends(may(BookingAction.NO_SHOW, "booking"))]
MayUndo = Annotated[Access, Depends(may(BookingAction.UNDO, "booking"))]

#: The body of a command may be left out.
_NO_REASON, _AS_USUAL = ReasonCommand(), NoShowCommand()


@router.post(
    "",
    status_code=201,
    summary="Create a booking",
    response_model=Envelope[BookingCreatedRead],
)
@raises(take)
async def create_booking(
    body: BookingCreate, access: MayBook, services: Services, now: Now, key: RequiredKey
) -> Response:
    """Books one service, or several one after the other: all of them or none.

    ``pending`` until it is paid or approved before ``hold_expires_at``, ``confirmed`` at once if neither is needed. If
    nothing is paid online, a guest must confirm the e-mail address before ``proof_deadline``, with the link in the
    message that is sent there (the business's setting ``address_proof_within``). A guest gets the ``code`` and the
    ``guest_token``, which opens this booking in the header ``X-Booking-Token``.
    """
    return await take(access, key, body, services, now)


@router.get(
    "",
    summary="List my bookings or those of a business",
    response_model=ListEnvelope[BookingRead],
)
async def list_bookings(asked: AskedBookings, access: MayList, page: PageAsked) -> Response:
    """In order of their start. With ``business_id``: those of the business, for people who work there."""
    return await bookings_page(access, asked, page)


@router.get(
    "/{booking_id}",
    summary="Get a booking",
    response_model=Envelope[BookingRead],
)
async def get_booking(booking_id: UUID, access: MayRead) -> Response:
    """For its customer, a caller with its link, and staff."""
    async with access.work(booking_id) as work:
        return ok(BookingRead.of(await work.bookings.get(booking_id), access.works_here))


@router.get(
    "/{booking_id}/history",
    summary="List the history of a booking",
    response_model=ListEnvelope[HistoryRead],
)
async def list_booking_history(booking_id: UUID, access: MayRead, page: PageAsked) -> Response:
    """Every change, oldest first."""
    async with access.work(booking_id) as work:
        return history_page(await work.bookings.history(booking_id), page, access.works_here)


@router.put(
    "/{booking_id}",
    summary="Update the texts or the party size of a booking",
    response_model=Envelope[BookingRead],
)
@raises(write_changes)
async def update_booking(booking_id: UUID, body: BookingUpdate, access: MayUpdate, now: Now) -> Response:
    """``special_requests`` and ``party_size`` by customer and staff, ``internal_notes`` only by staff. A party that its
    table does not seat gets another one, or joined ones, at the same time; `slot_taken` where none is free."""
    async with access.work(booking_id) as work:
        return await write_changes(work, access, booking_id, body, now)


@router.post(
    "/{booking_id}/cancellation-quote",
    summary="Get a cancellation quote",
    response_model=Envelope[QuoteRead],
)
@raises(quote)
async def create_cancellation_quote(booking_id: UUID, access: MayCancel, now: Now) -> Response:
    """Changes nothing. Cancelling by the business costs the customer nothing."""
    async with access.work(booking_id) as work:
        return ok(await quote(work, booking_id, now, access.works_here))


@router.post(
    "/{booking_id}/cancel",
    summary="Cancel a booking",
    response_model=Envelope[BookingChangedRead],
)
@raises(execute_command, RuleBroken)
async def cancel_booking(
    booking_id: UUID, access: MayCancel, services: Services, key: RequiredKey, body: ReasonCommand = _NO_REASON
) -> Response:
    """The penalty follows the booking's own policy. The time is free at once, and the rest of the money is refunded."""
    return await execute_command(services, access, booking_id, key, CommandRequest(messages.CANCEL, body.reason))


@router.post(
    "/{booking_id}/reschedule-quote",
    summary="Get a reschedule quote",
    response_model=Envelope[RescheduleQuoteRead],
)
@raises(quote_reschedule)
async def create_reschedule_quote(booking_id: UUID, access: MayReschedule, now: Now) -> Response:
    """Changes nothing. Refuses what `/reschedule` would refuse at this moment for any new time."""
    async with access.work(booking_id) as work:
        return ok(await quote_reschedule(work, booking_id, now, access.works_here))


@router.get(
    "/{booking_id}/availability",
    summary="List the times to which a booking can be moved",
    response_model=Envelope[AvailabilityRead],
)
@raises(starts_for_reschedule)
async def get_availability_for_move(
    booking_id: UUID,
    access: MayReschedule,
    now: Now,
    first: Annotated[Day, Query(alias="from", description="First business day, in the business's zone.")],
    last: Annotated[Day, Query(alias="to", description="Last business day, included; 31 days at most.")],
    resource_id: Annotated[
        list[UUID], Query(max_length=20, description="Preferred resources; each narrows its own group.")
    ] = [],  # noqa: B006  (FastAPI copies it)
) -> Response:
    """Like `GET /availability` for the booking's service, length and party; the booking's own time counts as free.
    Refuses what `/reschedule` would refuse at this moment for any new time."""
    async with access.work(booking_id) as work:
        return await starts_for_reschedule(work, booking_id, access.works_here, first, last, resource_id, now)


@router.post(
    "/{booking_id}/reschedule",
    summary="Reschedule a booking",
    response_model=Envelope[BookingChangedRead],
)
@raises(execute_command, *TIME_REFUSED, RuleBroken)
async def reschedule_booking(
    booking_id: UUID, body: RescheduleCommand, access: MayReschedule, services: Services, key: RequiredKey
) -> Response:
    """Claims the new time before it releases the old one. Price, payment and policy stay as agreed.

    A customer's move is judged by the policy (``moves``) as a cancellation at that moment would be: a penalty that had
    been reached is kept for a later cancellation. A booking that the business had approved is ``pending`` again: its
    former time is released, and does not come back if the business declines. Rules that refuse a move:
    ``already_started``, ``too_late_to_move``, ``too_many_moves``, ``paid_tier``.
    """
    request = CommandRequest(messages.RESCHEDULE, body.reason, body.start_at, body.resource_ids)
    return await execute_command(services, access, booking_id, key, request)


@router.post(
    "/{booking_id}/confirm",
    summary="Approve a booking",
    response_model=Envelope[BookingChangedRead],
)
@raises(execute_command)
async def confirm_booking(
    booking_id: UUID, access: MayConfirm, services: Services, key: RequiredKey, body: ReasonCommand = _NO_REASON
) -> Response:
    """The business approves a booking that waits for approval and is paid, if a payment is needed."""
    return await execute_command(services, access, booking_id, key, CommandRequest(messages.CONFIRM, body.reason))


@router.post(
    "/{booking_id}/confirm-address",
    summary="Confirm the e-mail address of a booking",
    response_model=Envelope[BookingChangedRead],
)
@raises(prove_contact)
async def confirm_address_of_booking(
    booking_id: UUID, body: ProofCommand, access: MayProve, services: Services, now: Now, key: RequiredKey
) -> Response:
    """With the token of the message that was sent to the address. The booking is then confirmed, or waits for
    approval."""
    return await prove_contact(services, access, booking_id, key, body.token, now)


@router.post(
    "/{booking_id}/decline",
    summary="Decline a booking",
    response_model=Envelope[BookingChangedRead],
)
@raises(execute_command)
async def decline_booking(
    booking_id: UUID, access: MayDecline, services: Services, key: RequiredKey, body: ReasonCommand = _NO_REASON
) -> Response:
    """The business declines a pending booking; everything is refunded."""
    return await execute_command(services, access, booking_id, key, CommandRequest(messages.DECLINE, body.reason))


@router.post(
    "/{booking_id}/check-in",
    summary="Check in a booking",
    response_model=Envelope[BookingChangedRead],
)
@raises(execute_command, RuleBroken)
async def check_in_booking(
    booking_id: UUID, access: MayCheckIn, services: Services, key: RequiredKey, body: ReasonCommand = _NO_REASON
) -> Response:
    """From confirmed to checked in."""
    return await execute_command(services, access, booking_id, key, CommandRequest(messages.CHECK_IN, body.reason))


@router.post(
    "/{booking_id}/complete",
    summary="Complete a booking",
    response_model=Envelope[BookingChangedRead],
)
@raises(execute_command, RuleBroken)
async def complete_booking(
    booking_id: UUID, access: MayComplete, services: Services, key: RequiredKey, body: ReasonCommand = _NO_REASON
) -> Response:
    """What was authorized is captured."""
    return await execute_command(services, access, booking_id, key, CommandRequest(messages.COMPLETE, body.reason))


@router.post(
    "/{booking_id}/no-show",
    summary="Mark a booking as no-show",
    response_model=Envelope[BookingChangedRead],
)
@raises(execute_command, RuleBroken)
async def no_show_booking(
    booking_id: UUID, access: MayNoShow, services: Services, key: RequiredKey, body: NoShowCommand = _AS_USUAL
) -> Response:
    """Charges what the policy says, unless ``waive_penalty`` is set; the rest is refunded. Both happen at
    ``undo_until``."""
    request = CommandRequest(messages.NO_SHOW, body.reason, waive_penalty=body.waive_penalty)
    return await execute_command(services, access, booking_id, key, request)


@router.post(
    "/{booking_id}/undo",
    summary="Undo a check-in, a completion, a no-show or a decline",
    response_model=Envelope[BookingChangedRead],
)
@raises(execute_command, RuleBroken)
async def undo_booking(
    booking_id: UUID, access: MayUndo, services: Services, key: RequiredKey, body: ReasonCommand = _NO_REASON
) -> Response:
    """Until ``undo_until`` of the booking. Money and messages of the step wait for that moment, so nothing has to be
    undone. Rules that refuse it: ``undo_over``, and ``undo_time_taken`` where another booking has the time now."""
    return await execute_command(services, access, booking_id, key, CommandRequest(messages.UNDO, body.reason))
