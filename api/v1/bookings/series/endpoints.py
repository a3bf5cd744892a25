"""Recurring bookings."""

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
from api.v1.bookings.series.handlers import book_series, cancel_series, move_series, series_page
from api.v1.bookings.series.schemas import SeriesChangedRead, SeriesCreate, SeriesMoveCommand, SeriesRead
from domain.bookings.permissions import BookingAction
from domain.scheduling.blocks import OccurrenceScope

router = routing.router("/bookings/series", tags=["bookings"])

MayBook = Annotated[Access, Depends(may(BookingAction.CREATE, "service", public=True))]
MayList = Annotated[Listing, Depends(may_list(BookingAction.READ))]
MayRead = Annotated[Access, Depends(may(BookingAction.READ, "series"))]
MayMove = Annotated[Access, Depends(may(BookingAction.RESCHEDULE, "series"))]
MayCancel = Annotated[Access, Depends(may(BookingAction.CANCEL, "series"))]
DryRun = Annotated[bool, Query(description="Change nothing, and answer what the command would do at this moment.")]


@router.post(
    "",
    status_code=201,
    summary="Create a series of bookings",
    response_model=Envelope[SeriesRead],
)
@raises(book_series)
async def create_booking_series(
    body: SeriesCreate, access: MayBook, services: Services, now: Now, key: RequiredKey, dry_run: DryRun = False
) -> Response:
    """Every week, every n weeks, or every month by date or weekday; 52 occurrences at most. Each occurrence is a
    booking of its own, with the price, policy and approval of a single one. For logins with a proven address, and for
    staff. Services that are paid online cannot recur. With ``dry_run`` the answer (200) shows which
    occurrences cannot be booked and why."""
    return await book_series(access, key, body, services, now, dry_run)


@router.get(
    "",
    summary="List my series of bookings or those of a business",
    response_model=ListEnvelope[SeriesRead],
)
async def list_booking_series(access: MayList, page: PageAsked, business_id: UUID | None = None) -> Response:
    """The newest first, each occurrence with its booking as it is now. With ``business_id``: those of the business, for
    people who work there."""
    return await series_page(access, business_id, page)


@router.get(
    "/{series_id}",
    summary="Get a series of bookings",
    response_model=Envelope[SeriesRead],
)
async def get_booking_series(series_id: UUID, access: MayRead) -> Response:
    """Each occurrence with its booking as it is now."""
    async with access.work(series_id) as work:
        return ok(SeriesRead.of(await work.bookings.series.get(series_id)))


@router.put(
    "/{series_id}",
    summary="Move one, the following or all occurrences",
    response_model=Envelope[SeriesChangedRead],
)
@raises(move_series)
async def update_booking_series(
    series_id: UUID, body: SeriesMoveCommand, access: MayMove, services: Services, now: Now, dry_run: DryRun = False
) -> Response:
    """Each occurrence moves by the rules of a single booking; those that are over or have begun stay. One that cannot
    move is in the answer with its reason."""
    return await move_series(services, access, series_id, body, now, dry_run)


@router.delete(
    "/{series_id}",
    summary="Cancel one, the following or all occurrences",
    response_model=Envelope[SeriesChangedRead],
)
@raises(cancel_series)
async def delete_booking_series(
    series_id: UUID,
    access: MayCancel,
    services: Services,
    now: Now,
    scope: Annotated[
        OccurrenceScope, Query(description="Which occurrences: one, it and the following, or all.")
    ] = OccurrenceScope.ALL,
    booking_id: Annotated[
        UUID | None, Query(description="Id of the booking, for `one` and `following` (UUID).")
    ] = None,
    dry_run: DryRun = False,
) -> Response:
    """Each at the price of its own policy. With ``dry_run`` the sums are the quote: what cancelling costs, and what
    is refunded."""
    return await cancel_series(services, access, series_id, scope, booking_id, now, dry_run)
