"""How many open minutes of resources a business has blocked on the days of a page."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import polars as pl
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.page import LONGEST, Page
from domain.scheduling.hours import Ranges

#: Gives the minutes in which a resource of a business can be booked on a day.
RangesOn = Callable[[UUID, str, date], Ranges]

# By the occurrences of blocks: a business has few of them, and many claims.
_READ = text("""
    WITH w AS (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]))
            AS w (business_id, from_at, to_at)
    )
    SELECT DISTINCT c.id, c.business_id, c.resource_id, c.starts_at AT TIME ZONE z.time_zone AS starts,
           c.ends_at AT TIME ZONE z.time_zone AS ends
      FROM (SELECT DISTINCT w.*, t.block_id FROM w JOIN block_times t
                ON t.business_id = w.business_id AND t.ends_at > w.from_at AND t.starts_at < w.to_at) b
      JOIN resource_claims c ON c.block_id = b.block_id AND c.released_at IS NULL AND c.ends_at > b.from_at
           AND c.starts_at < b.to_at
      JOIN businesses z ON z.id = c.business_id
""")
_MINUTE = timedelta(minutes=1)


async def read(session: AsyncSession, page: Page, ranges_on: RangesOn) -> pl.DataFrame:
    """``blocked_minutes`` by business, day and resource, where there are any; minutes of one unit, on the wall clock as
    open minutes are. What a booking has of a block's time is not blocked."""
    windows = list(page.windows())
    values = {
        "ids": [one.business_id for one in windows],
        "starts": [one.start for one in windows],
        "ends": [one.end for one in windows],
    }
    claims = (await session.execute(_READ, values)).all()
    found = [row for claim in claims for row in _minutes(page, claim, ranges_on)]
    schema = {"business": pl.Int32, "day": pl.Date, "resource_id": pl.String, "blocked_minutes": pl.Int32}
    return (
        pl.DataFrame(found, schema=schema, orient="row")
        .with_columns(pl.col("day").to_physical())
        .group_by("business", "day", "resource_id")
        .agg(pl.col("blocked_minutes").sum())
    )


def _minutes(page: Page, claim: Any, ranges_on: RangesOn) -> Iterator[tuple[int, date, str, int]]:
    """The blocked minutes of one claim, by the business days whose hours it touches."""
    first = claim.starts.date() - timedelta(days=LONGEST.days - 1)
    for day in page.by_business[claim.business_id]:
        if not first <= day <= claim.ends.date():
            continue
        midnight = datetime.combine(day, time.min)
        start, end = (claim.starts - midnight) // _MINUTE, (claim.ends - midnight) // _MINUTE
        ranges = ranges_on(claim.business_id, str(claim.resource_id), day)
        minutes = sum(max(0, min(end, one.end) - max(start, one.start)) for one in ranges)
        if minutes:
            yield page.numbers[claim.business_id], day, str(claim.resource_id), minutes
