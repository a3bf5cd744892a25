"""Exceptions from the working hours of a person. `api.v1.catalogue.resources` has the usual week."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.callers import Access, Now
from api.access.permissions import may
from api.http import routing
from api.http.confirm import Confirm
from api.http.envelope import Envelope, ListEnvelope, SuccessMessage, created, ok
from api.http.fields import DeletedRead
from api.http.idempotency import OptionalKey, store_response
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.http.times import Day
from api.v1.scheduling.schedules.schemas import (
    ExceptionCreate,
    ExceptionRead,
    ExceptionUpdate,
)
from api.v1.scheduling.staff.handlers import check_schedule
from domain.errors import AlreadyExists
from domain.scheduling.errors import OverlappingHours
from domain.scheduling.permissions import SchedulingAction

router = routing.router("/staff", tags=["staff"])

MayRead = Annotated[Access, Depends(may(SchedulingAction.READ_SCHEDULE, on="resource"))]
MayWrite = Annotated[Access, Depends(may(SchedulingAction.WRITE_OWN_SCHEDULE, on="resource"))]
MayList = Annotated[Access, Depends(may(SchedulingAction.READ_SCHEDULE, on="business"))]
MayReadException = Annotated[Access, Depends(may(SchedulingAction.READ_SCHEDULE, on="staff_exceptions"))]
MayWriteException = Annotated[Access, Depends(may(SchedulingAction.WRITE_OWN_SCHEDULE, on="staff_exceptions"))]


@router.get(
    "/exceptions",
    summary="List exceptions from the working hours",
    response_model=ListEnvelope[ExceptionRead],
)
async def list_exceptions(
    business_id: UUID,
    access: MayList,
    page: PageAsked,
    resource_id: UUID | None = None,
    since: Annotated[Day | None, Query(alias="from", description="Those that end on this day or later.")] = None,
    until: Annotated[Day | None, Query(alias="to", description="Those that begin on this day or before.")] = None,
) -> Response:
    """Of everybody at the business, or of one person."""
    async with access.work(business_id) as work:
        rows = await work.scheduling.staff.list_exceptions(
            page.after_id, page.fetch, business_id, resource_id, since, until
        )
    return page.answer(rows, ExceptionRead.of, lambda row: (row.id,))


@router.post(
    "/exceptions",
    status_code=201,
    summary="Create an exception: time off or other hours",
    response_model=Envelope[ExceptionRead],
)
@raises(OverlappingHours, AlreadyExists)
async def create_exception(
    body: ExceptionCreate, access: MayWrite, now: Now, key: OptionalKey, confirm: Confirm
) -> Response:
    """For one day or several, the whole day or a part of it."""
    asked = body.to_domain()
    async with access.work(body.resource_id, key) as work:
        await check_schedule(work, access, body.resource_id)
        row = await work.scheduling.staff.add_exception(
            access.business_id, body.resource_id, asked, body.reason, now, confirm
        )
        return await store_response(work, created(ExceptionRead.of(row)))


@router.get(
    "/exceptions/{exception_id}",
    summary="Get an exception from the working hours",
    response_model=Envelope[ExceptionRead],
)
async def get_exception(exception_id: UUID, access: MayReadException) -> Response:
    """For everybody who works at the business."""
    async with access.work(exception_id) as work:
        return ok(ExceptionRead.of(await work.scheduling.staff.get_exception(exception_id)))


@router.put(
    "/exceptions/{exception_id}",
    summary="Update an exception from the working hours",
    response_model=Envelope[ExceptionRead],
)
@raises(OverlappingHours, AlreadyExists)
async def update_exception(
    exception_id: UUID, body: ExceptionUpdate, access: MayWriteException, now: Now, confirm: Confirm
) -> Response:
    """Replaces it."""
    asked = body.to_domain()
    async with access.work(exception_id) as work:
        await check_schedule(work, access, (await work.scheduling.staff.get_exception(exception_id)).resource_id)
        row = await work.scheduling.staff.change_exception(exception_id, asked, body.reason, now, confirm)
    return ok(ExceptionRead.of(row), SuccessMessage.UPDATED)


@router.delete(
    "/exceptions/{exception_id}",
    summary="Delete an exception from the working hours",
    response_model=Envelope[DeletedRead],
)
async def delete_exception(exception_id: UUID, access: MayWriteException, now: Now, confirm: Confirm) -> Response:
    """Removing other hours may strand bookings too."""
    async with access.work(exception_id) as work:
        await check_schedule(work, access, (await work.scheduling.staff.get_exception(exception_id)).resource_id)
        await work.scheduling.staff.remove_exception(exception_id, now, confirm)
    return ok(DeletedRead(id=exception_id), SuccessMessage.DELETED)
