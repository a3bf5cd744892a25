"""The usual working week of a person."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from api.access.callers import Access, Now
from api.access.permissions import may
from api.http import routing
from api.http.confirm import Confirm
from api.http.envelope import Envelope, SuccessMessage, ok
from api.http.operation_errors import raises
from api.v1.scheduling.schedules.schemas import ScheduleRead, WorkingHoursUpdate
from api.v1.scheduling.staff.handlers import check_schedule
from domain.scheduling.errors import OverlappingHours
from domain.scheduling.permissions import SchedulingAction

router = routing.router("/staff", tags=["staff"])

MayRead = Annotated[Access, Depends(may(SchedulingAction.READ_SCHEDULE, on="resource"))]
MayWrite = Annotated[Access, Depends(may(SchedulingAction.WRITE_OWN_SCHEDULE, on="resource"))]


@router.put(
    "/working-hours",
    summary="Set the working hours of a person",
    response_model=Envelope[ScheduleRead],
)
@raises(OverlappingHours)
async def update_working_hours(body: WorkingHoursUpdate, access: MayWrite, now: Now, confirm: Confirm) -> Response:
    """The whole week at once. Staff set their own, managers everybody's."""
    week = body.working_hours.week() if body.working_hours else None
    async with access.work(body.resource_id) as work:
        await check_schedule(work, access, body.resource_id)
        row = await work.catalogue.set_working_hours(body.resource_id, week, now, confirm)
    return ok(ScheduleRead.of(row.id, row.working_hours), SuccessMessage.UPDATED)


@router.get(
    "/working-hours/{resource_id}",
    summary="Get the working hours of a person",
    response_model=Envelope[ScheduleRead],
)
async def get_working_hours(resource_id: UUID, access: MayRead) -> Response:
    """The usual week. The exceptions are a list of their own."""
    async with access.work(resource_id) as work:
        row = await work.catalogue.get_resource(resource_id)
    return ok(ScheduleRead.of(row.id, row.working_hours))
