"""Duplicates among the records of customers, for those who work at the business."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from api.access.callers import Access, Now
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, SuccessMessage, ok
from api.http.idempotency import OptionalKey, store_response
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.v1.customers.customers.schemas import CustomerRead
from api.v1.customers.merges.schemas import ApartCommand, CustomerMergeRead, DuplicateRead, MergeCommand
from domain.customers.errors import CustomersHaveTwoLogins, UnmergeRefused
from domain.customers.permissions import CustomerAction

router = routing.router("/customers", tags=["customers"])

MayList = Annotated[Access, Depends(may(CustomerAction.READ, on="business"))]
MayRead = Annotated[Access, Depends(may(CustomerAction.READ, on="customers"))]
MayWrite = Annotated[Access, Depends(may(CustomerAction.WRITE, on="customers"))]


@router.get("/duplicates", summary="List possible duplicates", response_model=ListEnvelope[DuplicateRead])
async def list_duplicates(business_id: UUID, access: MayList, page: PageAsked) -> Response:
    """Pairs of records with the same phone number, e-mail address, or name and birthday; the newest first. What
    more than ten records share is not a reason. A page may have fewer pairs than its limit, or none, and go on."""
    async with access.work(business_id) as work:
        rows, further = await work.customers.merges.list_pairs(business_id, page.after(UUID, UUID), page.fetch)
    return page.answer(rows, DuplicateRead.of, lambda row: (row.duplicate_id, row.customer_id), further)


@router.post(
    "/{customer_id}/keep-apart",
    summary="Keep two customers apart",
    response_model=Envelope[CustomerRead],
)
async def keep_apart_customers(customer_id: UUID, body: ApartCommand, access: MayWrite, key: OptionalKey) -> Response:
    """The two records are two people: the pair is not proposed as a duplicate again. They can still be merged."""
    async with access.work(customer_id, key) as work:
        await work.customers.merges.keep_apart(customer_id, body.duplicate_id)
        answer = ok(CustomerRead.of(await work.customers.get(customer_id)), SuccessMessage.UPDATED)
        return await store_response(work, answer)


@router.post("/{customer_id}/merge", summary="Merge two customers", response_model=Envelope[CustomerRead])
@raises(CustomersHaveTwoLogins)
async def merge_customers(
    customer_id: UUID, body: MergeCommand, access: MayWrite, now: Now, key: OptionalKey
) -> Response:
    """Bookings, notes, messages and totals of the duplicate go to this record, which fills its gaps from it. Can be
    undone for 30 days."""
    async with access.work(customer_id, key) as work:
        await work.customers.merges.merge(customer_id, body.duplicate_id, now)
        answer = ok(CustomerRead.of(await work.customers.get(customer_id)), SuccessMessage.UPDATED)
        return await store_response(work, answer)


@router.post("/{customer_id}/unmerge", summary="Undo a merge", response_model=Envelope[CustomerRead])
@raises(UnmergeRefused)
async def unmerge_customers(
    customer_id: UUID, body: MergeCommand, access: MayWrite, now: Now, key: OptionalKey
) -> Response:
    """Everything that was moved returns, and the duplicate is shown again. What was made since stays here."""
    async with access.work(customer_id, key) as work:
        await work.customers.merges.unmerge(customer_id, body.duplicate_id, now)
        answer = ok(CustomerRead.of(await work.customers.get(customer_id)), SuccessMessage.UPDATED)
        return await store_response(work, answer)


@router.get(
    "/{customer_id}/merges", summary="List the merges of a customer", response_model=ListEnvelope[CustomerMergeRead]
)
async def list_merges(customer_id: UUID, access: MayRead, page: PageAsked) -> Response:
    """The records that went into this one, the newest first."""
    async with access.work(customer_id) as work:
        await work.customers.get(customer_id)
        rows = await work.customers.merges.list_merges(customer_id, page.after_id, page.fetch)
    return page.answer(rows, CustomerMergeRead.of, lambda row: (row.id,))
