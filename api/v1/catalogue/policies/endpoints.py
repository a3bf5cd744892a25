"""Cancellation policies, for members of the business. Customers see them with the service."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from api.access.callers import Access, Now
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, SuccessMessage, created, ok
from api.http.fields import DeletedRead
from api.http.idempotency import OptionalKey, store_response
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.v1.catalogue.fee_handlers import check_card_hold_fees
from api.v1.catalogue.policies.schemas import PolicyCreate, PolicyRead, PolicyUpdate
from domain.catalogue.permissions import CatalogueAction
from domain.errors import Conflict

router = routing.router("/policies", tags=["catalogue"])

MayListPolicies = Annotated[Access, Depends(may(CatalogueAction.READ, on="business"))]
MayReadPolicy = Annotated[Access, Depends(may(CatalogueAction.READ, on="policy"))]
MayAddPolicy = Annotated[Access, Depends(may(CatalogueAction.WRITE_POLICY, on="business"))]
MayWritePolicy = Annotated[Access, Depends(may(CatalogueAction.WRITE_POLICY, on="policy"))]


@router.get("", summary="List policies", response_model=ListEnvelope[PolicyRead])
async def list_policies(access: MayListPolicies, page: PageAsked, business_id: UUID) -> Response:
    """The policies of a business, oldest first."""
    async with access.work(business_id) as work:
        rows = await work.catalogue.list_policies(business_id, page.after_id, page.fetch)
    return page.answer(rows, PolicyRead.of, lambda row: (row.id,))


@router.post(
    "",
    status_code=201,
    summary="Create a policy",
    response_model=Envelope[PolicyRead],
)
@raises(check_card_hold_fees)
async def create_policy(body: PolicyCreate, access: MayAddPolicy, key: OptionalKey) -> Response:
    """The first one of a business is its default."""
    values = body.columns()
    async with access.work(body.business_id, key) as work:
        policy = await work.catalogue.add_policy(body.business_id, values)
        await check_card_hold_fees(work, body.business_id)
        return await store_response(work, created(PolicyRead.of(policy)))


@router.get("/{policy_id}", summary="Get a policy", response_model=Envelope[PolicyRead])
async def get_policy(policy_id: UUID, access: MayReadPolicy) -> Response:
    """One policy."""
    async with access.work(policy_id) as work:
        return ok(PolicyRead.of(await work.catalogue.get_policy(policy_id)))


@router.put(
    "/{policy_id}",
    summary="Update a policy",
    response_model=Envelope[PolicyRead],
)
@raises(check_card_hold_fees)
async def update_policy(policy_id: UUID, body: PolicyUpdate, access: MayWritePolicy) -> Response:
    """Fields that are left out do not change. Existing bookings keep the tiers they were made with."""
    values = body.columns()
    async with access.work(policy_id) as work:
        policy = await work.catalogue.change_policy(access.business_id, policy_id, values)
        await check_card_hold_fees(work, policy.business_id)
    return ok(PolicyRead.of(policy), SuccessMessage.UPDATED)


@router.delete(
    "/{policy_id}",
    summary="Remove a policy",
    response_model=Envelope[DeletedRead],
)
@raises(Conflict)
async def delete_policy(policy_id: UUID, access: MayWritePolicy, now: Now) -> Response:
    """Refused, with the services that use it, while there are any, and for the default while there are others."""
    async with access.work(policy_id) as work:
        await work.catalogue.remove_policy(access.business_id, policy_id, now)
    return ok(DeletedRead(id=policy_id), SuccessMessage.DELETED)
