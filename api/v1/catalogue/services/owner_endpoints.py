"""Commands of owners and managers on services and resources."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from api.access.callers import Access, Now
from api.access.permissions import may
from api.http import routing
from api.http.confirm import Confirm
from api.http.envelope import Envelope, SuccessMessage, created, ok
from api.http.fields import DeletedRead
from api.http.idempotency import OptionalKey, store_response
from api.http.operation_errors import raises
from api.v1.catalogue.fee_handlers import check_card_hold_fees
from api.v1.catalogue.resources.schemas import ResourceCreate, ResourceRead, ResourceUpdate
from api.v1.catalogue.services.schemas import ServiceCreate, ServiceRead, ServiceUpdate
from domain.catalogue.errors import LegalNoticeRequired
from domain.catalogue.permissions import CatalogueAction
from domain.errors import CurrencyMismatch
from domain.scheduling.errors import OverlappingHours
from providers.payments.registry import LIMITS

router = routing.router("/owner", tags=["catalogue"])

MayAddService = Annotated[Access, Depends(may(CatalogueAction.WRITE_SERVICE, on="business"))]
MayWriteService = Annotated[Access, Depends(may(CatalogueAction.WRITE_SERVICE, on="service"))]
MayAddResource = Annotated[Access, Depends(may(CatalogueAction.WRITE_RESOURCE, on="business"))]
MayWriteResource = Annotated[Access, Depends(may(CatalogueAction.WRITE_RESOURCE, on="resource"))]


@router.post(
    "/services",
    status_code=201,
    summary="Create a service",
    response_model=Envelope[ServiceRead],
)
@raises(CurrencyMismatch, LegalNoticeRequired, check_card_hold_fees)
async def create_service(body: ServiceCreate, access: MayAddService, key: OptionalKey) -> Response:
    """Resources and policy must be the business's own, and the price in its currency."""
    async with access.work(body.business_id, key) as work:
        seller = await work.catalogue.get_seller(body.business_id)
        values = body.columns(seller.currency, seller.defaults, LIMITS[seller.payment_provider])
        service = await work.catalogue.add_service(body.business_id, values, body.required())
        await check_card_hold_fees(work, body.business_id)
        return await store_response(work, created(ServiceRead.of(service)))


@router.put(
    "/services/{service_id}",
    summary="Update a service",
    response_model=Envelope[ServiceRead],
)
@raises(CurrencyMismatch, LegalNoticeRequired, check_card_hold_fees)
async def update_service(
    service_id: UUID, body: ServiceUpdate, access: MayWriteService, now: Now, confirm: Confirm
) -> Response:
    """Fields that are left out do not change. Existing bookings keep what was agreed; those with a person who no longer
    performs the service are stranded."""
    async with access.work(service_id) as work:
        stored = await work.catalogue.lock_service(service_id)
        seller = await work.catalogue.get_seller(stored.business_id)
        values = body.columns(stored, LIMITS[seller.payment_provider])
        service = await work.catalogue.change_service(stored, values, body.required(), now, confirm)
        await check_card_hold_fees(work, stored.business_id)
    return ok(ServiceRead.of(service), SuccessMessage.UPDATED)


@router.delete(
    "/services/{service_id}",
    summary="Remove a service",
    response_model=Envelope[DeletedRead],
)
async def delete_service(service_id: UUID, access: MayWriteService, now: Now, confirm: Confirm) -> Response:
    """It is no longer shown or booked. Refused while there are future bookings of it, unless confirmed: they do not
    change."""
    async with access.work(service_id) as work:
        await work.catalogue.remove_service(service_id, now, confirm)
    return ok(DeletedRead(id=service_id), SuccessMessage.DELETED)


@router.post(
    "/resources",
    status_code=201,
    summary="Create a resource",
    response_model=Envelope[ResourceRead],
)
@raises(OverlappingHours)
async def create_resource(body: ResourceCreate, access: MayAddResource, key: OptionalKey) -> Response:
    """A staff member, a room or a piece of equipment."""
    week = body.week()
    async with access.work(body.business_id, key) as work:
        resource = await work.catalogue.add_resource(body.business_id, body.columns(), week)
        return await store_response(work, created(ResourceRead.of(resource)))


@router.put(
    "/resources/{resource_id}",
    summary="Update a resource",
    response_model=Envelope[ResourceRead],
)
@raises(OverlappingHours)
async def update_resource(
    resource_id: UUID, body: ResourceUpdate, access: MayWriteResource, now: Now, confirm: Confirm
) -> Response:
    """Fields that are left out do not change. Other hours, fewer units or making it inactive may strand bookings."""
    week = body.week()
    async with access.work(resource_id) as work:
        resource = await work.catalogue.change_resource(resource_id, body.columns(), week, now, confirm)
    return ok(ResourceRead.of(resource), SuccessMessage.UPDATED)


@router.delete(
    "/resources/{resource_id}",
    summary="Remove a resource",
    response_model=Envelope[DeletedRead],
)
async def delete_resource(resource_id: UUID, access: MayWriteResource, now: Now, confirm: Confirm) -> Response:
    """It is no longer shown or booked. Refused while it is booked, unless confirmed."""
    async with access.work(resource_id) as work:
        await work.catalogue.remove_resource(resource_id, now, confirm)
    return ok(DeletedRead(id=resource_id), SuccessMessage.DELETED)
