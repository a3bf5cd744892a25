"""Computes business days: read, compute, write."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

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
    rows, openings = _with_numbered_resources(rows, openings)
    bookings = metrics.bookings_of(rows, openings, page.frame)
    items = metrics.items_of(bookings, rows)
    resources = metrics.resources(items, rows, openings, page.frame)
    daily = metrics.daily(bookings, resources, page.frame)
    resources = resources.with_columns(pl.col("resource_id").cast(pl.String))
    families = (daily, metrics.services(items), resources, metrics.hours(bookings))
    return Aggregates(*(each.join(page.businesses, on="business", maintain_order="left") for each in families))


def _with_numbered_resources(
    rows: extract.Extract, openings: calendars.Openings
) -> tuple[extract.Extract, calendars.Openings]:
    """The same with the ids of resources as one enumeration in the order of the ids: there is a row for every resource
    and day, and numbers are joined and sorted many times faster than texts."""
    frames = (rows.claims, openings.usual, openings.special, openings.blocked)
    ids = pl.concat([frame["resource_id"].unique() for frame in frames]).unique().sort()
    numbered = pl.col("resource_id").cast(pl.Enum(ids))
    claims, usual, special, blocked = (frame.with_columns(numbered) for frame in frames)
    return replace(rows, claims=claims), replace(openings, usual=usual, special=special, blocked=blocked)
