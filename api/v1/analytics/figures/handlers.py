"""Reads aggregates for a caller, and counts the present day."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.callers import Access
from api.access.operators import AuditReader
from api.http.envelope import ok
from api.http.fields import BilingualRead
from api.http.operation_errors import raises
from api.http.paging import Page
from api.http.times import Day
from api.v1.analytics.figures.schemas import (
    AnalyticsRead,
    BusinessAnalyticsRead,
    ComparedRead,
    DashboardRead,
    DayFiguresRead,
    FiguresRead,
    HourFiguresRead,
    PlatformAnalyticsRead,
    ResourceFiguresRead,
    ServiceFiguresRead,
    utilisation_of,
)
from db.analytics.queries import Breakdown
from db.engine.session import UnitOfWork
from domain.analytics.periods import Period
from domain.errors import InvalidInput
from runtime.starting import deferred, loaded

if TYPE_CHECKING:
    from analytics import days
    from analytics import page as business_days
else:
    # They load Polars, which a process needs only for the present day.
    days, business_days = map(deferred, ("analytics.days", "analytics.page"))


@raises(InvalidInput)
async def period(
    first: Annotated[Day, Query(alias="from", description="The first business day.")],
    last: Annotated[Day, Query(alias="to", description="The last business day; at most 367 days.")],
) -> Period:
    """The range of the query string. Raises InvalidInput."""
    return Period(first, last)


AskedPeriod = Annotated[Period, Depends(period)]


@raises(InvalidInput)
async def list_days(reader: AuditReader, business_id: UUID | None, asked: Period, page: Page) -> Response:
    """A page of business days. Raises InvalidInput if an owner does not name the business."""
    after: tuple[date, UUID] | None = page.after(date.fromisoformat, UUID)
    if business_id is None and not reader.sees_all:
        raise InvalidInput.at("business_id", "missing")
    opened = reader.everything() if business_id is None else reader.of(business_id)
    async with opened as work:
        found = await work.analytics.list_(business_id, asked, after, page.fetch)
    return page.answer(found, AnalyticsRead.of, lambda row: (row.day.isoformat(), row.business_id))


async def compare(work: UnitOfWork, business_id: UUID, asked: Period) -> ComparedRead:
    """The sums of a period and of the same number of days before it."""
    found = [await work.analytics.totals(business_id, each) for each in (asked, asked.before())]
    return ComparedRead.of(asked, *(rows[0] if rows else None for rows in found))


async def read_business(access: Access, business_id: UUID, asked: Period) -> Response:
    """A period of one business."""
    async with access.work(business_id) as work:
        compared = await compare(work, business_id, asked)
        breakdown = await work.analytics.breakdown(business_id, asked)
    return ok(BusinessAnalyticsRead(**dict(compared), **_parts(breakdown)))


def _parts(found: Breakdown) -> dict[str, Any]:
    return {
        "by_day": [
            DayFiguresRead(utilisation=utilisation_of(row), **_named(row, DayFiguresRead)) for row in found.days
        ],
        "by_service": [
            ServiceFiguresRead(name=BilingualRead.of(row.name), **_named(row, ServiceFiguresRead))
            for row in found.services
        ],
        "by_resource": [
            ResourceFiguresRead(
                name=BilingualRead.of(row.name),
                utilisation=utilisation_of(row),
                **_named(row, ResourceFiguresRead),
            )
            for row in found.resources
        ],
        "by_hour": [HourFiguresRead(**_named(row, HourFiguresRead)) for row in found.hours],
    }


def _named(row: Any, schema: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in schema.model_fields if name not in {"name", "utilisation"}}


async def read_dashboard(access: Access, business_id: UUID, now: datetime) -> Response:
    """The present day, the last 7 days and the last 28, each compared with the same number of days before."""
    async with access.work(business_id) as work:
        today = await work.analytics.today(business_id, now)
        weeks = [await compare(work, business_id, _ending_before(today, days)) for days in (7, 28)]
        live = await _live(work, business_id, today)
    return ok(
        DashboardRead(business_id=business_id, today=today, live=live, last_7_days=weeks[0], last_28_days=weeks[1])
    )


def _ending_before(today: date, days: int) -> Period:
    return Period(date.fromordinal(today.toordinal() - days), date.fromordinal(today.toordinal() - 1))


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of a frame, with its columns as attributes."""

    columns: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.columns[name]


async def _live(work: UnitOfWork, business_id: UUID, today: date) -> FiguresRead:
    await loaded("analytics.days", "analytics.page")
    found = await days.compute(work.session, [business_days.BusinessDay(business_id, today)])
    assert found is not None  # noqa: S101 - the transaction has entered the business
    return FiguresRead.of(_Row(found.daily.to_dicts()[0]))


async def read_platform(work: UnitOfWork, asked: Period) -> PlatformAnalyticsRead:
    """Sums over all businesses."""
    return PlatformAnalyticsRead.of_rows(asked, await work.analytics.totals(None, asked))
