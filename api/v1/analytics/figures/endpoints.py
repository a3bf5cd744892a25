"""Figures of businesses: for their managers, and for operators."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query
from starlette.responses import Response

from api.access.callers import Access, Now
from api.access.operators import AuditReader, Operator, audit_reader, operator
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, SuccessMessage, ok
from api.http.idempotency import OptionalKey, store_response
from api.http.paging import PageAsked
from api.v1.analytics.figures.handlers import (
    AskedPeriod,
    list_days,
    read_business,
    read_dashboard,
    read_platform,
)
from api.v1.analytics.figures.insight_handlers import Picture, draw, read_cohorts, read_forecast
from api.v1.analytics.figures.schemas import (
    AnalyticsRead,
    BackfillCreate,
    BackfillRead,
    BusinessAnalyticsRead,
    CohortsRead,
    DashboardRead,
    ForecastRead,
    PlatformAnalyticsRead,
)
from db.platform.outbox import COMPUTE_DAYS
from domain.analytics.permissions import AnalyticsAction

router = routing.router(tags=["analytics"])

MayList = Annotated[AuditReader, Depends(audit_reader(AnalyticsAction.READ))]
MayRead = Annotated[Access, Depends(may(AnalyticsAction.READ, "business"))]
MayReadDay = Annotated[Access, Depends(may(AnalyticsAction.READ, "analytics_daily"))]
MayReadPlatform = Annotated[Operator, Depends(operator(AnalyticsAction.READ_PLATFORM))]
MayBackfill = Annotated[Operator, Depends(operator(AnalyticsAction.BACKFILL))]
OfBusiness = Annotated[UUID, Query(description="The business.")]


@router.get("/analytics", summary="List the figures of business days", response_model=ListEnvelope[AnalyticsRead])
async def list_analytics(
    reader: MayList,
    asked: AskedPeriod,
    page: PageAsked,
    business_id: Annotated[UUID | None, Query(description="Required for everybody but admins.")] = None,
) -> Response:
    """Newest first. Days are computed in the following night."""
    return await list_days(reader, business_id, asked, page)


@router.get(
    "/analytics/dashboard",
    summary="Get the figures of today and the last weeks",
    response_model=Envelope[DashboardRead],
)
async def get_dashboard(access: MayRead, business_id: OfBusiness, now: Now) -> Response:
    """The present day so far; the last 7 and 28 days compared with the same number of days before."""
    return await read_dashboard(access, business_id, now)


@router.get(
    "/analytics/{analytics_id}", summary="Get the figures of a business day", response_model=Envelope[AnalyticsRead]
)
async def get_analytics(analytics_id: UUID, access: MayReadDay) -> Response:
    """With all its figures."""
    async with access.work(analytics_id) as work:
        return ok(AnalyticsRead.of(await work.analytics.get(analytics_id)))


@router.get(
    "/businesses/{business_id}/analytics",
    summary="Get the figures of a business for a period",
    response_model=Envelope[BusinessAnalyticsRead],
)
async def get_business_analytics(business_id: UUID, access: MayRead, asked: AskedPeriod) -> Response:
    """Its sums compared with those of the period before; by day, service, resource, and weekday × hour."""
    return await read_business(access, business_id, asked)


@router.get(
    "/businesses/{business_id}/analytics/cohorts",
    summary="Get the figures about returning customers",
    response_model=Envelope[CohortsRead],
)
async def get_cohorts(business_id: UUID, access: MayRead, now: Now) -> Response:
    """By the month of the first completed booking, of the last twelve months."""
    return await read_cohorts(access, business_id, now)


@router.get(
    "/businesses/{business_id}/analytics/forecast",
    summary="Get a forecast of the bookings of the next four weeks",
    response_model=Envelope[ForecastRead],
)
async def get_forecast(business_id: UUID, access: MayRead, now: Now) -> Response:
    """The average of the same weekdays of the last eight weeks, and the error of this forecast in the past."""
    return await read_forecast(access, business_id, now)


@router.get(
    "/businesses/{business_id}/analytics/pictures/{picture}",
    summary="Get figures as a picture",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}, "description": "The picture."}},
)
async def get_picture(
    business_id: UUID,
    picture: Annotated[Picture, Path(description="What is drawn; `cohorts` has a period of its own.")],
    access: MayRead,
    asked: AskedPeriod,
    now: Now,
) -> Response:
    """Revenue by day, bookings by weekday and hour, or returning customers, as SVG."""
    return await draw(access, business_id, picture, asked, now)


@router.get(
    "/admin/analytics",
    summary="Get the figures of all businesses together",
    response_model=Envelope[PlatformAnalyticsRead],
)
async def get_platform_analytics(admin: MayReadPlatform, asked: AskedPeriod) -> Response:
    """Sums by currency."""
    async with admin.work() as work:
        return ok(await read_platform(work, asked))


@router.post(
    "/admin/analytics/backfill",
    status_code=202,
    summary="Compute business days again",
    response_model=Envelope[BackfillRead],
)
async def backfill_analytics(body: BackfillCreate, admin: MayBackfill, now: Now, key: OptionalKey) -> Response:
    """Days that have ended, of one business or of all. They are computed in the background; a repeat changes
    nothing."""
    async with admin.work(key) as work:
        stale = work.analytics.stale_days
        marked = await stale.mark(body.first, body.last, now, body.business_id)
        await work.platform.outbox.add_platform_command("analytics.marked", "analytics/backfill", {}, COMPUTE_DAYS)
        return await store_response(work, ok(BackfillRead(marked=marked), SuccessMessage.CREATED, 202))
