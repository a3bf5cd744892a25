"""Reads bookings and what belongs to them as frames: one ``COPY`` for each kind of row of a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, cast

import polars as pl
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.page import Page

#: Windows that have the same time are read by one statement, if there are at most so many times in a page: a night, or
#: a range of days for many businesses. Postgres knows then how many bookings to expect, and reads a large part of a
#: table by one scan instead of row by row. The windows of more different times are read together.
MOST_SPANS = 8
#: A page that has at least this share of all bookings reads the other tables by one scan each, all rows of its
#: businesses, and leaves it to Polars to find those of its bookings: that takes a third of the time of looking up each
#: booking in an index. The policy of these tables asks for the booking of a row; Postgres takes that for expensive and
#: would never choose the scan.
SCANNED_SHARE = 1 / 8
_ONE_SPAN = """
    (SELECT * FROM bookings WHERE business_id = ANY($1::uuid[]) AND start_at >= $2::timestamptz
                              AND start_at < $3::timestamptz) b
"""
_WINDOWS = """
    unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS w (business_id, from_at, to_at)
    JOIN bookings b ON b.business_id = w.business_id AND b.start_at >= w.from_at AND b.start_at < w.to_at
"""
# `:bookings` is one of the two. `$4` and `$5` are the ids and time zones of the page's businesses.
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
# A customer belongs to one business.
_FIRSTS_SCANNED = """
    SELECT DISTINCT ON (b.customer_id) b.id FROM bookings b
     WHERE b.business_id = ANY($1::uuid[]) AND b.status = 'completed' ORDER BY b.customer_id, b.start_at, b.id
"""
# Rows of bookings, in the order of columns below; `:rows` is one of the two that follow.
# `coalesce`, because Postgres would read all of the index of claims that are kept, which is slower than the table.
_ITEMS = "SELECT r.booking_id, r.position, r.service_id, r.price FROM :rows"
_CLAIMS = """
    SELECT r.booking_id, r.item_position, r.resource_id, (extract(epoch FROM r.ends_at - r.starts_at) / 60)::int
      FROM :rows AND coalesce(r.released_at, 'infinity') = 'infinity'
"""
_PAYMENTS = "SELECT r.booking_id, r.captured, r.refunded FROM :rows AND r.captured > 0"
_VENUE = "SELECT r.booking_id, r.amount FROM :rows"
_REVIEWS = "SELECT r.booking_id, r.rating FROM :rows AND r.status = 'published' AND r.deleted_at IS NULL"
_OF_BOOKINGS = ":bookings JOIN {table} r ON r.booking_id = b.id WHERE true"
_OF_BUSINESSES = "{table} r WHERE r.business_id = ANY($1::uuid[])"
_ALL_BOOKINGS = text("SELECT reltuples FROM pg_class WHERE oid = 'bookings'::regclass")
#: The statuses of bookings whose claims count.
_CLAIMED = ["confirmed", "checked_in", "completed", "no_show"]
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
#: Where bookings come from, with the arguments.
_Source = tuple[str, tuple[Any, ...]]


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
    sources = _sources(page)
    zones = ([str(key) for key in page.numbers], [page.zones[key].key for key in page.numbers])
    bookings = _placed(await _copy(session, _BOOKINGS, sources, _BOOKING_COLUMNS, *zones))
    numbers = bookings.select("booking_id", "booking")
    claimed = bookings.filter(pl.col("status").is_in(_CLAIMED)).select("booking_id", "booking")
    of, firsts = _OF_BOOKINGS, _FIRSTS
    if bookings.height >= SCANNED_SHARE * float(await session.scalar(_ALL_BOOKINGS) or 0):
        of, firsts = _OF_BUSINESSES, _FIRSTS_SCANNED
        sources = [("", ([str(key) for key in page.by_business],))]

    async def rows(table: str, query: str, columns: dict[str, Any], among: pl.DataFrame = numbers) -> pl.DataFrame:
        found = await _copy(session, query.replace(":rows", of.format(table=table)), sources, columns)
        # Numbers take the place of ids: frames of numbers are grouped and joined in half the time.
        return found.join(among, on="booking_id").drop("booking_id")

    first = (await _copy(session, firsts, sources, _FIRST_COLUMNS)).join(numbers, on="booking_id")
    return Extract(
        bookings.drop("booking_id").with_columns(pl.col("booking").is_in(first["booking"].implode()).alias("is_first")),
        await rows("booking_items", _ITEMS, _ITEM_COLUMNS),
        await rows("resource_claims", _CLAIMS, _CLAIM_COLUMNS, claimed),
        await rows("booking_payments", _PAYMENTS, _PAYMENT_COLUMNS),
        await rows("venue_payments", _VENUE, _VENUE_COLUMNS),
        await rows("reviews", _REVIEWS, _REVIEW_COLUMNS),
    )


def _placed(bookings: pl.DataFrame) -> pl.DataFrame:
    """Bookings with a number, and with date and minute instead of the time on the wall clock."""
    return bookings.with_row_index("booking").select(
        pl.exclude("at"),
        pl.col("at").dt.date().to_physical().alias("day"),
        (pl.col("at").dt.hour().cast(pl.Int32) * 60 + pl.col("at").dt.minute()).alias("minute"),
    )


async def _copy(
    session: AsyncSession, query: str, sources: Sequence[_Source], columns: dict[str, Any], *more: Any
) -> pl.DataFrame:
    """The rows of ``query``, by COPY on the connection of the transaction, so that its scope holds here too. ``more``
    are its arguments after those of the bookings."""
    connection = await (await session.connection()).get_raw_connection()
    parts = []
    for source, arguments in sources:
        buffer = BytesIO()
        await cast(Any, connection.driver_connection).copy_from_query(
            query.replace(":bookings", source), *arguments, *more, output=buffer, format="csv"
        )
        if buffer.tell():
            parts.append(pl.read_csv(buffer.getvalue(), has_header=False, schema=columns))
    return pl.concat(parts) if parts else pl.DataFrame(schema=columns)


def _sources(page: Page) -> list[_Source]:
    """Where the bookings of the page come from, with the arguments."""
    windows = list(page.windows())
    spans: dict[tuple[datetime, datetime], list[str]] = {}
    for window in windows:
        spans.setdefault((window.start, window.end), []).append(str(window.business_id))
    if len(spans) <= MOST_SPANS:
        return [(_ONE_SPAN, (ids, *span)) for span, ids in spans.items()]
    ids = [str(window.business_id) for window in windows]
    return [(_WINDOWS, (ids, [window.start for window in windows], [window.end for window in windows]))]
