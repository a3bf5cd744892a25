"""The figures of business days: one pure function for each family, frames in, one frame out.

Every frame is keyed by ``business`` (its number in the page) and ``day`` (days since 1970-01-01).
"""

import polars as pl

from analytics.calendars import Openings
from analytics.extract import Extract
from domain.booking_status import BookingStatus
from domain.scheduling.hours import DAY

KEY = ["business", "day"]
#: Bookings that count as past or future visits.
KEPT = [BookingStatus.CONFIRMED.value, BookingStatus.CHECKED_IN.value, BookingStatus.COMPLETED.value]
_STATUSES = [status.value for status in BookingStatus]
_KEPT = pl.col("status").is_in(KEPT)


def bookings_of(extract: Extract, openings: Openings, page: pl.DataFrame) -> pl.DataFrame:
    """The bookings of the page's days, with the business day of their start, net amount, value, money at the venue and
    rating.

    A start after midnight belongs to the previous business day if that day's hours include it; its minute then counts
    on past 1440.
    """
    spills = openings.spills.with_columns(pl.col("day") + 1)
    money = extract.payments.group_by("booking").agg(pl.col("captured", "refunded").sum())
    venue = extract.venue.group_by("booking").agg(pl.col("amount").sum().alias("venue"))
    is_night = pl.col("minute") < pl.col("spill").fill_null(0)
    return (
        extract.bookings.join(spills, on=KEY, how="left")
        .with_columns(
            pl.when(is_night).then(pl.col("day") - 1).otherwise(pl.col("day")).alias("day"),
            pl.when(is_night).then(pl.col("minute") + DAY).otherwise(pl.col("minute")).alias("minute"),
        )
        .join(page, on=KEY, how="semi")
        .join(money, on="booking", how="left")
        .join(venue, on="booking", how="left")
        .join(extract.reviews, on="booking", how="left")
        .with_columns(
            pl.col("captured").fill_null(0),
            pl.col("refunded").fill_null(0),
            pl.col("venue").fill_null(0),
            pl.when(_KEPT).then(pl.col("price")).otherwise(0).alias("value"),
        )
        .with_columns((pl.col("captured") - pl.col("refunded")).alias("net"))
    )


def items_of(bookings: pl.DataFrame, extract: Extract) -> pl.DataFrame:
    """The items of ``bookings``, each with its share of the booking's value and net amount.

    Shares are proportional to the items' prices, rounded down; the first item gets the remainder. An only item gets
    all.
    """
    items = extract.items.join(bookings.select("booking", *KEY, "status", "value", "net"), on="booking", how="inner")
    is_only = items["booking"].is_unique()
    only = items.filter(is_only).with_columns(pl.col("value").alias("value_share"), pl.col("net").alias("net_share"))
    return pl.concat([only, _shared(items.filter(~is_only))])


def _shared(items: pl.DataFrame) -> pl.DataFrame:
    total = pl.col("price").sum().over("booking")
    shares = [
        pl.when(total > 0).then(pl.col(amount) * pl.col("price") // total).otherwise(0).alias(f"{amount}_share")
        for amount in ("value", "net")
    ]
    is_first = pl.col("position") == pl.col("position").min().over("booking")
    return items.with_columns(shares).with_columns(
        (
            pl.col(f"{amount}_share")
            + pl.when(is_first).then(pl.col(amount) - pl.col(f"{amount}_share").sum().over("booking")).otherwise(0)
        ).alias(f"{amount}_share")
        for amount in ("value", "net")
    )


def daily(bookings: pl.DataFrame, resources: pl.DataFrame, page: pl.DataFrame) -> pl.DataFrame:
    """One row for each day of the page, also where nothing happened."""
    counts = bookings.group_by(KEY).agg(
        pl.len().alias("bookings"),
        *((pl.col("status") == status).sum().alias(status) for status in _STATUSES),
        pl.col("people").filter(_KEPT).sum().alias("people"),
        pl.col("value").sum(),
        pl.col("captured").sum().alias("gross"),
        pl.col("refunded").sum().alias("refunds"),
        pl.col("net").sum(),
        pl.col("venue").sum(),
        pl.col("rating").count().alias("reviews"),
        pl.col("rating").sum().alias("rating_sum"),
    )
    visits = (
        bookings.filter(pl.col("status") == BookingStatus.COMPLETED.value)
        .group_by(*KEY, "customer_id")
        .agg(pl.col("is_first").max())
        .group_by(KEY)
        .agg(
            pl.col("is_first").sum().cast(pl.Int64).alias("new_customers"),
            (pl.len() - pl.col("is_first").sum().cast(pl.Int64)).alias("returning_customers"),
        )
    )
    minutes = resources.group_by(KEY).agg(pl.col("booked_minutes", "open_minutes", "blocked_minutes").sum())
    return (
        page.select(KEY)
        .join(counts, on=KEY, how="left")
        .join(visits, on=KEY, how="left")
        .join(minutes, on=KEY, how="left")
        .fill_null(0)
        .sort(KEY)
    )


def services(items: pl.DataFrame) -> pl.DataFrame:
    """Each service that was booked on a day; a booking counts once for a service."""
    once = pl.col("is_counted")
    return (
        items.with_columns(pl.struct("booking", "service_id").is_first_distinct().alias("is_counted"))
        .group_by(*KEY, "service_id")
        .agg(
            once.sum().alias("bookings"),
            (once & (pl.col("status") == "completed")).sum().alias("completed"),
            (once & (pl.col("status") == "no_show")).sum().alias("no_show"),
            pl.col("value_share").sum().alias("value"),
            pl.col("net_share").sum().alias("net"),
        )
        .sort(*KEY, "service_id")
    )


def resources(items: pl.DataFrame, extract: Extract, openings: Openings, page: pl.DataFrame) -> pl.DataFrame:
    """Each resource that was open or booked on a day. The value of an item counts for every resource of it."""
    claims = extract.claims.join(
        items.select("booking", "position", *KEY, "value_share"), on=["booking", "position"], how="inner"
    ).with_columns(
        pl.struct("booking", "resource_id").is_first_distinct().alias("is_counted"),
        # A class takes several units of one resource for one item; its value counts once.
        pl.struct("booking", "position", "resource_id").is_first_distinct().alias("is_valued"),
    )
    keys = [*KEY, "resource_id"]
    booked = claims.group_by(keys).agg(
        pl.col("is_counted").sum().alias("bookings"),
        pl.col("minutes").sum().alias("booked_minutes"),
        pl.col("value_share").filter("is_valued").sum().alias("value"),
    )
    return (
        openings.minutes(page)
        .filter(pl.col("open_minutes") > 0)
        .join(booked, on=keys, how="full", coalesce=True)
        .join(openings.blocked, on=keys, how="left")
        .select(*keys, pl.col("bookings", "booked_minutes", "open_minutes", "blocked_minutes", "value").fill_null(0))
        .sort(keys)
    )


def hours(bookings: pl.DataFrame) -> pl.DataFrame:
    """Kept bookings by the hour in which they start; 25 is one o'clock in the night after the day."""
    return (
        bookings.filter(_KEPT)
        .group_by(*KEY, (pl.col("minute") // 60).alias("hour"))
        .agg(pl.len().alias("bookings"), pl.col("people").sum())
        .sort(*KEY, "hour")
    )
