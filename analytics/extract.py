"""Reads bookings and what belongs to them as frames: one ``COPY`` for each kind of row of a page."""

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, cast

import polars as pl
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.page import Page

#: Windows that have the same time are read by one statement, if there are at most so many times in a page: a night, or
#: a range of days for many businesses. Postgres knows then how many bookings to expect, and reads a large part of a
#: table by one scan instead of row by row. The windows of more different times are read together.
MOST_SPANS = 8
_ONE_SPAN = """
    (SELECT * FROM bookings WHERE business_id = ANY($1::uuid[]) AND start_at >= $2::timestamptz
                              AND start_at < $3::timestamptz) b
"""
_WINDOWS = """
    unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS w (business_id, from_at, to_at)
    JOIN bookings b ON b.business_id = w.business_id AND b.start_at >= w.from_at AND b.start_at < w.to_at
"""
# In each query `:bookings` is one of the two. `$4` and `$5` are the ids and time zones of the page's businesses.
_BOOKINGS = """
    SELECT b.id, z.business, b.customer_id, b.status, b.party_size, b.price, b.start_at AT TIME ZONE z.time_zone
      FROM :bookings
      JOIN unnest($4::uuid[], $5::text[]) WITH ORDINALITY AS z (id, time_zone, business) ON z.id = b.business_id
"""
# Looked up once for each customer of the page, not once for each booking.
_FIRSTS = """
    SELECT f.id FROM (SELECT DISTINCT b.customer_id FROM :bookings WHERE b.status = 'completed') c
     CROSS JOIN LATERAL (
        SELECT o.id FROM bookings o WHERE o.customer_id = c.customer_id AND o.status = 'completed'
         ORDER BY o.start_at, o.id LIMIT 1) f
"""
_ITEMS = """
    SELECT i.booking_id, i.position, i.service_id, i.price
      FROM :bookings JOIN booking_items i ON i.booking_id = b.id
"""
_CLAIMS = """
    SELECT c.booking_id, c.item_position, c.resource_id, (extract(epoch FROM c.ends_at - c.starts_at) / 60)::int
      FROM :bookings JOIN resource_claims c ON c.booking_id = b.id
     WHERE c.released_at IS NULL AND b.status IN ('confirmed', 'checked_in', 'completed', 'no_show')
"""
_PAYMENTS = """
    SELECT p.booking_id, p.captured, p.refunded
      FROM :bookings JOIN booking_payments p ON p.booking_id = b.id
     WHERE p.captured > 0
"""
_VENUE = """
    SELECT v.booking_id, v.amount FROM :bookings JOIN venue_payments v ON v.booking_id = b.id
"""
_REVIEWS = """
    SELECT r.booking_id, r.rating FROM :bookings JOIN reviews r ON r.booking_id = b.id
     WHERE r.status = 'published' AND r.deleted_at IS NULL
"""
_BOOKING_COLUMNS = {
    "booking_id": pl.String,
    "business": pl.Int32,
    "customer_id": pl.String,
    "status": pl.String,
    "people": pl.Int32,
    "price": pl.Int64,
    "at": pl.Datetime("us"),
}
_FIRST_COLUMNS = {"booking_id": pl.String}
_ITEM_COLUMNS = {"booking_id": pl.String, "position": pl.Int32, "service_id": pl.String, "price": pl.Int64}
_CLAIM_COLUMNS = {"booking_id": pl.String, "position": pl.Int32, "resource_id": pl.String, "minutes": pl.Int32}
_PAYMENT_COLUMNS = {"booking_id": pl.String, "captured": pl.Int64, "refunded": pl.Int64}
_VENUE_COLUMNS = {"booking_id": pl.String, "amount": pl.Int64}
_REVIEW_COLUMNS = {"booking_id": pl.String, "rating": pl.Int32}


@dataclass(frozen=True, slots=True)
class Extract:
    """Rows of a page. ``booking`` numbers its bookings, ``business`` is :attr:`analytics.page.Page.numbers`.
    ``bookings.day`` and ``minute`` are the date (days since 1970-01-01) and the minute of the start on the wall clock
    of the business; ``is_first``: a customer's first completed booking at the business. ``claims`` are those that are
    kept, with their minutes. ``venue``: entries of money at the venue, refunds negative. ``reviews``: the published
    ones."""

    bookings: pl.DataFrame
    items: pl.DataFrame
    claims: pl.DataFrame
    payments: pl.DataFrame
    venue: pl.DataFrame
    reviews: pl.DataFrame


async def read(session: AsyncSession, page: Page) -> Extract:
    """Everything of the page's bookings; bookings of the night before and after the page may be among them."""
    zones = ([str(key) for key in page.numbers], [page.zones[key].key for key in page.numbers])
    bookings = _placed(await _copy(session, _BOOKINGS, page, _BOOKING_COLUMNS, *zones))
    numbers = bookings.select("booking_id", "booking")
    firsts = (await _copy(session, _FIRSTS, page, _FIRST_COLUMNS)).join(numbers, on="booking_id")

    async def rows(query: str, columns: dict[str, Any]) -> pl.DataFrame:
        found = await _copy(session, query, page, columns)
        # Numbers take the place of ids: frames of numbers are grouped and joined in half the time.
        return found.join(numbers, on="booking_id").drop("booking_id")

    return Extract(
        bookings.drop("booking_id").with_columns(
            pl.col("booking").is_in(firsts["booking"].implode()).alias("is_first")
        ),
        await rows(_ITEMS, _ITEM_COLUMNS),
        await rows(_CLAIMS, _CLAIM_COLUMNS),
        await rows(_PAYMENTS, _PAYMENT_COLUMNS),
        await rows(_VENUE, _VENUE_COLUMNS),
        await rows(_REVIEWS, _REVIEW_COLUMNS),
    )


def _placed(bookings: pl.DataFrame) -> pl.DataFrame:
    """Bookings with a number, and with date and minute instead of the time on the wall clock."""
    return bookings.with_row_index("booking").select(
        pl.exclude("at"),
        pl.col("at").dt.date().to_physical().alias("day"),
        (pl.col("at").dt.hour().cast(pl.Int32) * 60 + pl.col("at").dt.minute()).alias("minute"),
    )


async def _copy(session: AsyncSession, query: str, page: Page, columns: dict[str, Any], *more: Any) -> pl.DataFrame:
    """The rows of ``query``, by COPY on the connection of the transaction, so that its scope holds here too. ``more``
    are its arguments after those of the bookings."""
    connection = await (await session.connection()).get_raw_connection()
    parts = []
    for source, arguments in _sources(page):
        buffer = BytesIO()
        await cast(Any, connection.driver_connection).copy_from_query(
            query.replace(":bookings", source), *arguments, *more, output=buffer, format="csv"
        )
        if buffer.tell():
            parts.append(pl.read_csv(buffer.getvalue(), has_header=False, schema=columns))
    return pl.concat(parts) if parts else pl.DataFrame(schema=columns)


def _sources(page: Page) -> list[tuple[str, tuple[Any, ...]]]:
    """Where the bookings of the page come from, with the arguments."""
    windows = list(page.windows())
    spans: dict[tuple[datetime, datetime], list[str]] = {}
    for window in windows:
        spans.setdefault((window.start, window.end), []).append(str(window.business_id))
    if len(spans) <= MOST_SPANS:
        return [(_ONE_SPAN, (ids, *span)) for span, ids in spans.items()]
    ids = [str(window.business_id) for window in windows]
    return [(_WINDOWS, (ids, [window.start for window in windows], [window.end for window in windows]))]
