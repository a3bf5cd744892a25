"""Public data of businesses. Members of a business also see it before it is approved."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path
from starlette.responses import Response

from api.access.callers import Access, AnyCaller, Now
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, moved, moved_response, ok
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.http.response_cache import cached
from api.v1.businesses.businesses.schemas import BusinessRead, BusinessSummaryRead
from api.v1.businesses.businesses.search_handlers import SearchAsked
from api.v1.businesses.businesses.settings_schemas import OwnSettingsRead, SettingsRead
from api.v1.catalogue.resources.schemas import StaffRead
from api.v1.catalogue.services.handlers import ServicesAsked
from api.v1.catalogue.services.schemas import ServiceRead
from api.v1.scheduling.schedules.hours_schemas import DaysRead, HoursRead
from domain.businesses.permissions import BusinessAction
from domain.catalogue.resource import ResourceKind
from domain.errors import NotFound
from domain.platform.invalidation import CacheKind

router = routing.router("/businesses", tags=["businesses"])

MaySee = Annotated[Access, Depends(may(BusinessAction.READ, on="business", public=True))]


@router.get("", summary="Search businesses", response_model=ListEnvelope[BusinessSummaryRead])
async def list_businesses(caller: AnyCaller, asked: SearchAsked) -> Response:
    """The approved ones. A word is found anywhere in name, place, address or description; kana, width and case do not
    matter. All words must be found. Names are sorted by the caller's language."""
    async with caller.work() as work:
        found = await work.businesses.search(asked.search)
    return asked.page.answer(found, BusinessSummaryRead.found, lambda one: one.key)


@router.get(
    "/slug/{slug}",
    summary="Get a business by slug",
    response_model=Envelope[BusinessRead],
    responses=moved_response("A slug it had before: the business is at its present one."),
)
@raises(NotFound)
@cached(CacheKind.BUSINESS, about="slug")
async def get_business_by_slug(
    slug: Annotated[str, Path(max_length=100, description="Present or earlier slug of the business.")],
    caller: AnyCaller,
) -> Response:
    """An approved business by its slug. A former slug redirects to the present one."""
    async with caller.work() as work:
        business = await work.businesses.get_by_slug(slug)
    if business.slug != slug.lower():
        return moved(f"/api/v1/businesses/slug/{business.slug}")
    return ok(BusinessRead.of(business))


@router.get("/{business_id}", summary="Get a business", response_model=Envelope[BusinessRead])
@cached(CacheKind.BUSINESS, about="business_id")
async def get_business(business_id: UUID, access: MaySee) -> Response:
    """One business."""
    async with access.work(business_id) as work:
        return ok(BusinessRead.of(await work.businesses.get(business_id)))


@router.get(
    "/{business_id}/services",
    summary="List a business's services",
    response_model=ListEnvelope[ServiceRead],
)
@cached(CacheKind.CATALOGUE, about="business_id")
async def list_business_services(business_id: UUID, access: MaySee, asked: ServicesAsked) -> Response:
    """The active ones; members of the business see the others too."""
    async with access.work(business_id) as work:
        wanted = asked.wanted(business_id, access.works_here)
        rows = await work.catalogue.list_services(wanted, asked.after, asked.page.fetch)
    return asked.page.answer(rows, lambda row: ServiceRead.of(row[0]), lambda row: row[1])


@router.get("/{business_id}/hours", summary="Get the hours", response_model=Envelope[HoursRead])
@cached(CacheKind.BUSINESS, about="business_id")
async def get_hours(business_id: UUID, access: MaySee, now: Now) -> Response:
    """The week, the row for public holidays, and the future one-off days. A one-off day replaces a public holiday,
    which replaces the weekday."""
    async with access.work(business_id) as work:
        return ok(HoursRead.of(await work.scheduling.hours.get_hours(business_id, now)))


@router.get("/{business_id}/holidays", summary="Get the one-off days", response_model=Envelope[DaysRead])
@cached(CacheKind.BUSINESS, about="business_id")
async def get_holidays(business_id: UUID, access: MaySee, now: Now) -> Response:
    """The one-off days to come: closed, or open at other hours."""
    async with access.work(business_id) as work:
        return ok(DaysRead.of(await work.scheduling.hours.get_hours(business_id, now)))


@router.get("/{business_id}/staff", summary="List the staff", response_model=ListEnvelope[StaffRead])
@cached(CacheKind.CATALOGUE, about="business_id")
async def list_staff(business_id: UUID, access: MaySee, page: PageAsked) -> Response:
    """Who can be booked, by the name that the business shows."""
    async with access.work(business_id) as work:
        rows = await work.catalogue.list_resources(
            page.after_id, page.fetch, business_id, ResourceKind.STAFF, inactive=False
        )
    return page.answer(rows, StaffRead.of, lambda row: (row.id,))


@router.get(
    "/{business_id}/settings",
    summary="Get the settings",
    response_model=Envelope[OwnSettingsRead | SettingsRead],
)
@cached(CacheKind.BUSINESS, about="business_id")
async def get_settings(business_id: UUID, access: MaySee) -> Response:
    """The public settings; all settings for members of the business."""
    async with access.work(business_id) as work:
        settings = await work.businesses.get_settings(business_id)
    return ok(OwnSettingsRead.of(settings) if access.works_here else SettingsRead.of(settings))
