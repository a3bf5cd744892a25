"""Businesses as everybody sees them. Those who work there see theirs before it is approved."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from api.businesses.hours import HoursRead
from api.businesses.schemas import BusinessRead
from api.businesses.settings import OwnSettingsRead, SettingsRead
from api.catalogue.schemas import ServiceRead
from api.dependencies import Access, Now, Visit, may
from api.envelope import Envelope, ListEnvelope, ok
from api.errors import errors
from api.pagination import PageAsked
from domain.businesses.status import Vertical
from domain.errors import NotFound, Unauthenticated
from domain.permissions import Action

router = APIRouter(prefix="/businesses", tags=["businesses"])

MaySee = Annotated[Access, Depends(may(Action.BUSINESS_READ, on="business", public=True))]
_SEEN = errors(NotFound, Unauthenticated)


@router.get("", summary="List businesses", response_model=ListEnvelope[BusinessRead], responses=errors(Unauthenticated))
async def list_businesses(
    visit: Visit,
    page: PageAsked,
    vertical: Vertical | None = None,
    prefecture: Annotated[str | None, Query(max_length=60)] = None,
) -> Response:
    """The approved ones, oldest first."""
    async with visit.work() as work:
        rows = await work.businesses.list_(page.after_id, page.fetch, vertical, prefecture)
    return page.answer(rows, BusinessRead.of, lambda row: (row.id,))


@router.get("/slug/{slug}", summary="Read a business by slug", response_model=Envelope[BusinessRead], responses=_SEEN)
async def read_business_by_slug(slug: str, visit: Visit) -> Response:
    """An approved business by the readable part of its address."""
    async with visit.work() as work:
        return ok(BusinessRead.of(await work.businesses.get_by_slug(slug)))


@router.get("/{business_id}", summary="Read a business", response_model=Envelope[BusinessRead], responses=_SEEN)
async def read_business(business_id: UUID, access: MaySee) -> Response:
    """One business."""
    async with access.work(business_id) as work:
        return ok(BusinessRead.of(await work.businesses.get(business_id)))


@router.get(
    "/{business_id}/services",
    summary="List a business's services",
    response_model=ListEnvelope[ServiceRead],
    responses=_SEEN,
)
async def list_business_services(business_id: UUID, access: MaySee, page: PageAsked) -> Response:
    """The active ones; those who work there see the others too."""
    async with access.work(business_id) as work:
        rows = await work.catalogue.list_services(
            page.after_id, page.fetch, business_id, category=None, inactive=access.works_here
        )
    return page.answer(rows, ServiceRead.of, lambda row: (row.id,))


@router.get("/{business_id}/hours", summary="Read the hours", response_model=Envelope[HoursRead], responses=_SEEN)
async def read_hours(business_id: UUID, access: MaySee, now: Now) -> Response:
    """The week, the row for public holidays, and the one-off days to come. One-off day wins over public holiday wins
    over weekday."""
    async with access.work(business_id) as work:
        return ok(HoursRead.of(await work.businesses.get_hours(business_id, now)))


@router.get(
    "/{business_id}/settings",
    summary="Read the settings",
    response_model=Envelope[OwnSettingsRead | SettingsRead],
    responses=_SEEN,
)
async def read_settings(business_id: UUID, access: MaySee) -> Response:
    """What a customer needs to know; all of them for those who work there."""
    async with access.work(business_id) as work:
        settings = await work.businesses.get_settings(business_id)
    return ok(OwnSettingsRead.of(settings) if access.works_here else SettingsRead.of(settings))
