"""Computes business days: read, compute, write."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncSession

from analytics import calendars, extract, load, metrics
from analytics.page import BusinessDay, Page
from db.analytics.tables import AnalyticsDaily, AnalyticsDailyHour, AnalyticsDailyResource, AnalyticsDailyService
from db.engine.base import Base

_BUSINESSES = text("SELECT id, time_zone, currency FROM businesses WHERE id = ANY(:ids)")


@dataclass(frozen=True, slots=True)
class Aggregates:
    """The frames of one page, each with the columns of its table."""

    daily: pl.DataFrame
    services: pl.DataFrame
    resources: pl.DataFrame
    hours: pl.DataFrame

    def by_table(self) -> Mapping[type[Base], pl.DataFrame]:
        """Each frame with the table that it belongs to."""
        return {
            AnalyticsDaily: self.daily,
            AnalyticsDailyService: self.services,
            AnalyticsDailyResource: self.resources,
            AnalyticsDailyHour: self.hours,
        }


async def recompute(session: AsyncSession, days: Sequence[BusinessDay]) -> int:
    """Compute these business days and write them in the transaction of ``session``; gives how many bookings they had.

    A second call changes nothing: a day with the same figures keeps its rows byte by byte.
    """
    page = await page_of(session, days)
    if not page.days:
        return 0
    aggregates = await _compute(session, page)
    for declared, frame in aggregates.by_table().items():
        table = declared.__table__
        assert isinstance(table, Table)  # noqa: S101 - a declared table is one
        await load.replace(session, table, frame, page)
    return int(aggregates.daily["bookings"].sum())


async def compute(session: AsyncSession, days: Sequence[BusinessDay]) -> Aggregates | None:
    """The figures of these business days, nothing written; None where no business of them is visible."""
    page = await page_of(session, days)
    return await _compute(session, page) if page.days else None


async def page_of(session: AsyncSession, days: Sequence[BusinessDay]) -> Page:
    """The days of businesses that the transaction sees; the others are left out."""
    rows = await session.execute(_BUSINESSES, {"ids": sorted({one.business_id for one in days})})
    return Page.of(days, {row.id: (row.time_zone, row.currency) for row in rows})


async def _compute(session: AsyncSession, page: Page) -> Aggregates:
    openings = await calendars.read(session, page)
    rows = await extract.read(session, page)
    return await asyncio.to_thread(aggregate, rows, openings, page)


def aggregate(rows: extract.Extract, openings: calendars.Openings, page: Page) -> Aggregates:
    """All figures of a page; no I/O."""
    bookings = metrics.bookings_of(rows, openings, page.frame)
    items = metrics.items_of(bookings, rows)
    resources = metrics.resources(items, rows, openings)
    daily = metrics.daily(bookings, resources, page.frame)
    families = (daily, metrics.services(items), resources, metrics.hours(bookings))
    return Aggregates(*(each.join(page.businesses, on="business", maintain_order="left") for each in families))
