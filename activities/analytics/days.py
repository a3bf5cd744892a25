"""Marks the business days that must be computed, and computes them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from temporalio import activity

from activities.support.heartbeats import heartbeats
from db.engine.session import Database, Scope
from domain.errors import Unavailable
from runtime.starting import deferred, loaded

if TYPE_CHECKING:
    from analytics import days
    from analytics import page as business_days
else:
    # They load Polars, which no other worker needs.
    days, business_days = map(deferred, ("analytics.days", "analytics.page"))

log = structlog.get_logger(__name__)

#: Business days per transaction, at most: three nights of a platform with 20,000 businesses. The larger the page, the
#: fewer times are the tables read for a year of all businesses.
PAGE = 60_000
#: The first page has so many, before anything is known of the businesses.
FIRST_PAGE = 20_000
#: The next page has as many days as had so many bookings in the page before it: each of its statements is then within
#: the time limit of a statement, and its rows take a few hundred MiB.
BOOKINGS = 200_000
#: The result names at most this many failed businesses; the log names all of them.
MAX_NAMED = 20


@dataclass(frozen=True)
class CollectInput:
    """No fields: the database knows what has changed."""


@dataclass(frozen=True)
class ComputeInput:
    """``page``: business days per transaction, at most."""

    page: int = PAGE


@dataclass(frozen=True)
class Computed:
    """How many days and bookings this try computed. ``failed``: businesses whose days could not be computed, 20 at
    most; their days stay marked."""

    days: int
    bookings: int
    failed: tuple[UUID, ...] = ()


class AnalyticsActivities:
    """``now`` gives aware UTC time."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    @activity.defn(name="analytics.collect")
    async def collect(self, request: CollectInput) -> int:
        """Mark the days that ended or changed since the last collection; returns how many. A repeat marks no more."""
        async with self._database.unit_of_work(Scope.platform()) as work:
            return await work.analytics.stale_days.collect(self._now())

    @activity.defn(name="analytics.compute")
    async def compute(self, request: ComputeInput) -> Computed:
        """Compute every marked day: one transaction per page, then a heartbeat.

        The next try continues an interrupted one, because a computed day is no longer marked. If a page fails, its
        businesses are computed one by one, so that one that fails does not stop the others.
        """
        await loaded("analytics.days", "analytics.page")
        done = Progress()
        limit = min(FIRST_PAGE, request.page)
        while page := await self._take(limit, done.failed):
            before = done.bookings
            try:
                async with heartbeats((done.days,)):
                    done.add(page, await self._compute(page))
            except Unavailable:
                raise
            except Exception:
                await self._compute_one_by_one(page, done)
            activity.heartbeat(done.days)
            limit = next_page(request.page, len(page), done.bookings - before)
        return Computed(done.days, done.bookings, tuple(done.failed[:MAX_NAMED]))

    async def _take(self, limit: int, without: Sequence[UUID]) -> "list[business_days.BusinessDay]":
        async with self._database.unit_of_work(Scope.platform()) as work:
            rows = await work.analytics.stale_days.take(limit, without)
            return [business_days.BusinessDay(row.business_id, row.day, row.marked) for row in rows]

    async def _compute(self, page: "Sequence[business_days.BusinessDay]") -> int:
        async with self._database.unit_of_work(Scope.platform()) as work:
            bookings = await days.recompute(work.session, page)
            await work.analytics.stale_days.remove([(one.business_id, one.day, one.marked) for one in page])
            return bookings

    async def _compute_one_by_one(self, page: "Sequence[business_days.BusinessDay]", done: "Progress") -> None:
        for business_id, group in groupby(page, attrgetter("business_id")):
            part = list(group)
            try:
                done.add(part, await self._compute(part))
            except Unavailable:
                raise
            except Exception:
                log.exception("analytics_failed", business_id=str(business_id), first=str(part[0].day))
                done.failed.append(business_id)
            activity.heartbeat(done.days)


def next_page(most: int, days: int, bookings: int) -> int:
    """How many business days the page has after one of ``days`` days with ``bookings`` bookings."""
    return max(1, min(most, BOOKINGS * days // max(bookings, 1)))


@dataclass
class Progress:
    """What one try has computed so far."""

    days: int = 0
    bookings: int = 0
    failed: list[UUID] = field(default_factory=list)

    def add(self, page: "Sequence[business_days.BusinessDay]", bookings: int) -> None:
        """Count a computed page."""
        self.days += len(page)
        self.bookings += bookings
