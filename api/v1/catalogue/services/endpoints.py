"""Public data of services and resources. Members of the business see the inactive ones too."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.callers import Access
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, ok
from api.http.paging import PageAsked
from api.http.response_cache import cached
from api.v1.catalogue.resources.schemas import ResourceRead
from api.v1.catalogue.services.handlers import ServicesAsked
from api.v1.catalogue.services.schemas import ServiceRead
from domain.catalogue.permissions import CatalogueAction
from domain.catalogue.resource import ResourceKind
from domain.platform.invalidation import CacheKind

router = routing.router(tags=["catalogue"])

MaySeeBusiness = Annotated[Access, Depends(may(CatalogueAction.READ, on="business", public=True))]
MaySeeService = Annotated[Access, Depends(may(CatalogueAction.READ, on="service", public=True))]
MaySeeResource = Annotated[Access, Depends(may(CatalogueAction.READ, on="resource", public=True))]


@router.get("/services", summary="List services", response_model=ListEnvelope[ServiceRead])
@cached(CacheKind.CATALOGUE, about="business_id")
async def list_services(access: MaySeeBusiness, asked: ServicesAsked, business_id: UUID | None = None) -> Response:
    """The active ones of one business, or of all that are approved; with the others for those who work there."""
    async with access.work(business_id) as work:
        wanted = asked.wanted(business_id, access.works_here)
        rows = await work.catalogue.list_services(wanted, asked.after, asked.page.fetch)
    return asked.page.answer(rows, lambda row: ServiceRead.of(row[0]), lambda row: row[1])


@router.get("/services/{service_id}", summary="Get a service", response_model=Envelope[ServiceRead])
@cached(CacheKind.CATALOGUE, about="service_id")
async def get_service(service_id: UUID, access: MaySeeService) -> Response:
    """One service, with the policy of new bookings."""
    async with access.work(service_id) as work:
        return ok(ServiceRead.of(await work.catalogue.get_service(service_id, inactive=access.works_here)))


@router.get("/resources", summary="List resources", response_model=ListEnvelope[ResourceRead])
@cached(CacheKind.CATALOGUE, about="business_id")
async def list_resources(
    access: MaySeeBusiness,
    page: PageAsked,
    business_id: UUID,
    kind: Annotated[ResourceKind | None, Query(description="Only resources of this kind.")] = None,
    active: Annotated[bool | None, Query(description="Those alone that are, or are not.")] = None,
) -> Response:
    """Staff, rooms and equipment of one business; the inactive ones for those who work there."""
    async with access.work(business_id) as work:
        rows = await work.catalogue.list_resources(
            page.after_id, page.fetch, business_id, kind, inactive=access.works_here, active=active
        )
    return page.answer(rows, ResourceRead.of, lambda row: (row.id,))


@router.get("/resources/{resource_id}", summary="Get a resource", response_model=Envelope[ResourceRead])
@cached(CacheKind.CATALOGUE, about="resource_id")
async def get_resource(resource_id: UUID, access: MaySeeResource) -> Response:
    """One resource."""
    async with access.work(resource_id) as work:
        return ok(ResourceRead.of(await work.catalogue.get_resource(resource_id, inactive=access.works_here)))
