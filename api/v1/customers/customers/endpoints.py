"""Records of customers, for those who work at the business."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.callers import Access, Now
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, SuccessMessage, created, ok
from api.http.fields import DeletedRead
from api.http.idempotency import OptionalKey, store_response
from api.http.paging import PageAsked, moment_of
from api.v1.customers.customers.schemas import CustomerCreate, CustomerEventRead, CustomerRead, CustomerUpdate
from domain.customers.permissions import CustomerAction
from domain.customers.profile import MAX_TAG_LENGTH, CustomerOrder, normal_tag
from domain.customers.search import read_search
from domain.errors import InvalidInput

router = routing.router("/customers", tags=["customers"])

MayList = Annotated[Access, Depends(may(CustomerAction.READ, on="business"))]
MayCreate = Annotated[Access, Depends(may(CustomerAction.WRITE, on="business"))]
MayRead = Annotated[Access, Depends(may(CustomerAction.READ, on="customers"))]
MayWrite = Annotated[Access, Depends(may(CustomerAction.WRITE, on="customers"))]
Words = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=100,
        description="Up to five parts of name, kana, phone number or e-mail address; all must be found. Width, case, "
        "hiragana or katakana, and +81 or 0 make no difference.",
    ),
]
OrderAsked = Annotated[CustomerOrder, Query(description="`newest` first, or by `kana`.")]
TagAsked = Annotated[str | None, Query(min_length=1, max_length=MAX_TAG_LENGTH, description="Only with this tag.")]


@router.get("", summary="List customers", response_model=ListEnvelope[CustomerRead])
async def list_customers(
    business_id: UUID,
    access: MayList,
    page: PageAsked,
    q: Words = None,
    tag: TagAsked = None,
    order: OrderAsked = CustomerOrder.NEWEST,
) -> Response:
    """Those of a business that match, the newest first. ``order=kana`` sorts by the reading of the name; records
    without one come last. It goes with ``tag``, not with ``q``."""
    search = read_search(q) if q is not None else None
    wanted = normal_tag(tag) if tag is not None else None
    async with access.work(business_id) as work:
        if order is CustomerOrder.KANA:
            if search is not None:
                raise InvalidInput.at("order", "no_order_with_search")
            listed = await work.customers.list_by_kana(business_id, wanted, page.after(str, UUID), page.fetch)
            return page.answer(listed, lambda one: CustomerRead.of(one[1]), lambda one: (one[0], one[1].id))
        rows = await work.customers.list_customers(search, wanted, page.after_id, page.fetch)
    return page.answer(rows, CustomerRead.of, lambda row: (row.id,))


@router.post("", status_code=201, summary="Create a customer", response_model=Envelope[CustomerRead])
async def create_customer(body: CustomerCreate, access: MayCreate, now: Now, key: OptionalKey) -> Response:
    """The record is linked to no login: an address that somebody typed proves nothing."""
    values = body.columns(now)
    async with access.work(body.business_id, key) as work:
        customer = await work.customers.add(body.business_id, values)
        return await store_response(work, created(CustomerRead.of(customer)))


@router.get("/{customer_id}", summary="Get a customer", response_model=Envelope[CustomerRead])
async def get_customer(customer_id: UUID, access: MayRead) -> Response:
    """One record."""
    async with access.work(customer_id) as work:
        return ok(CustomerRead.of(await work.customers.get(customer_id)))


@router.get(
    "/{customer_id}/history", summary="List a customer's history", response_model=ListEnvelope[CustomerEventRead]
)
async def list_customer_history(customer_id: UUID, access: MayRead, page: PageAsked) -> Response:
    """Bookings, payments, notes and reviews in one stream, the newest first. What a note or a review says is not in
    it."""
    async with access.work(customer_id) as work:
        await work.customers.get(customer_id)
        rows = await work.customers.history.list_history(customer_id, page.after(moment_of, UUID), page.fetch)
    return page.answer(rows, CustomerEventRead.of, lambda row: (row.at.isoformat(), row.id))


@router.put("/{customer_id}", summary="Update a customer", response_model=Envelope[CustomerRead])
async def update_customer(customer_id: UUID, body: CustomerUpdate, access: MayWrite, now: Now) -> Response:
    """Fields that are left out do not change. Existing bookings keep the contact that was given for them."""
    values = body.columns(now)
    async with access.work(customer_id) as work:
        customer = await work.customers.change(customer_id, values)
    return ok(CustomerRead.of(customer), SuccessMessage.UPDATED)


@router.delete("/{customer_id}/login", summary="Remove the login of a customer", response_model=Envelope[CustomerRead])
async def delete_customer_login(customer_id: UUID, access: MayWrite) -> Response:
    """The record is no longer linked to the login, and is not linked to it again by itself."""
    async with access.work(customer_id) as work:
        return ok(CustomerRead.of(await work.customers.unlink(customer_id)), SuccessMessage.UPDATED)


@router.delete("/{customer_id}", summary="Delete a customer", response_model=Envelope[DeletedRead])
async def delete_customer(customer_id: UUID, access: MayWrite, now: Now) -> Response:
    """The record is no longer shown. Bookings and payments keep it, as the law asks; the erasure of a person's data is
    another thing."""
    async with access.work(customer_id) as work:
        await work.customers.remove(customer_id, now)
    return ok(DeletedRead(id=customer_id), SuccessMessage.DELETED)
