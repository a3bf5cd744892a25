"""Blocks: time that the business keeps free, once or recurring."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.callers import Access, Now
from api.access.permissions import may
from api.http import routing
from api.http.confirm import Confirm
from api.http.envelope import Envelope, ListEnvelope, SuccessMessage, created, ok
from api.http.idempotency import OptionalKey, store_response
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.http.times import Day, Moment
from api.v1.bookings.blocks.schemas import BlockCreate, BlockRead, BlockRemovedRead, BlockUpdate
from api.v1.scheduling.staff.handlers import check_schedule
from domain.errors import RuleBroken
from domain.scheduling.blocks import OccurrenceScope
from domain.scheduling.permissions import SchedulingAction

router = routing.router("/blocks", tags=["bookings"])

MayList = Annotated[Access, Depends(may(SchedulingAction.READ_SCHEDULE, on="business"))]
MayCreate = Annotated[Access, Depends(may(SchedulingAction.WRITE_OWN_SCHEDULE, on="business"))]
MayRead = Annotated[Access, Depends(may(SchedulingAction.READ_SCHEDULE, on="blocks"))]
MayWrite = Annotated[Access, Depends(may(SchedulingAction.WRITE_OWN_SCHEDULE, on="blocks"))]


@router.post(
    "",
    status_code=201,
    summary="Create a block",
    response_model=Envelope[BlockRead],
)
@raises(RuleBroken)
async def create_block(body: BlockCreate, access: MayCreate, now: Now, key: OptionalKey, confirm: Confirm) -> Response:
    """Of one person, room or piece of equipment, or of the whole business. Staff block their own time, managers
    everybody's. Refused while bookings overlap, unless confirmed: then each of them is offered another time, and
    the block takes the time that they release."""
    async with access.work(body.business_id, key) as work:
        await check_schedule(work, access, body.resource_id)
        row = await work.bookings.blocks.add_block(body.business_id, body.to_domain(body.resource_id), now, confirm)
        return await store_response(work, created(BlockRead.of(row)))


@router.get(
    "",
    summary="List blocks",
    response_model=ListEnvelope[BlockRead],
)
async def list_blocks(
    business_id: UUID,
    access: MayList,
    page: PageAsked,
    resource_id: UUID | None = None,
    since: Annotated[Day | None, Query(alias="from", description="Those that end on this day or later.")] = None,
    until: Annotated[Day | None, Query(alias="to", description="Those that begin on this day or before.")] = None,
) -> Response:
    """In the order in which they were made. Those of one resource come with those of the whole business."""
    async with access.work(business_id) as work:
        rows = await work.bookings.blocks.list_blocks(business_id, page.after_id, page.fetch, resource_id, since, until)
    return page.answer(rows, BlockRead.of, lambda row: (row.id,))


@router.get(
    "/{block_id}",
    summary="Get a block",
    response_model=Envelope[BlockRead],
)
async def get_block(block_id: UUID, access: MayRead) -> Response:
    """For everybody who works at the business."""
    async with access.work(block_id) as work:
        return ok(BlockRead.of(await work.bookings.blocks.get_block(block_id)))


@router.put(
    "/{block_id}",
    summary="Update a block",
    response_model=Envelope[BlockRead],
)
@raises(RuleBroken)
async def update_block(block_id: UUID, body: BlockUpdate, access: MayWrite, now: Now, confirm: Confirm) -> Response:
    """Replaces all its occurrences. What is no longer blocked can be booked at once."""
    async with access.work(block_id) as work:
        was = await work.bookings.blocks.get_block(block_id)
        await check_schedule(work, access, was.resource_id)
        row = await work.bookings.blocks.change_block(block_id, body.to_domain(was.resource_id), now, confirm)
    return ok(BlockRead.of(row), SuccessMessage.UPDATED)


@router.delete(
    "/{block_id}",
    summary="Delete a block",
    response_model=Envelope[BlockRemovedRead],
)
async def delete_block(
    block_id: UUID,
    access: MayWrite,
    now: Now,
    scope: Annotated[
        OccurrenceScope, Query(description="Which occurrences: all, one, or it and the following.")
    ] = OccurrenceScope.ALL,
    starts_at: Annotated[
        Moment | None, Query(description="Start of the occurrence, for `one` and `following`, RFC 3339.")
    ] = None,
) -> Response:
    """The time can be booked at once."""
    async with access.work(block_id) as work:
        was = await work.bookings.blocks.get_block(block_id)
        await check_schedule(work, access, was.resource_id)
        left = await work.bookings.blocks.remove_block(block_id, scope, starts_at, now)
    block = BlockRead.of(left) if left else None
    return ok(BlockRemovedRead(id=block_id, block=block), SuccessMessage.DELETED)
