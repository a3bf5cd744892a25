"""Schemas of figures. Amounts are whole minor units of the currency beside them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.fields import BilingualRead, Input, Output, examples
from api.http.times import Day
from domain.analytics import rates
from domain.analytics.periods import Period

Share = Annotated[float | None, Field(description="From 0 to 1 with four decimals; null where there is nothing yet.")]
Change = Annotated[
    float | None,
    Field(description="Against the period before: 0.25 is a quarter more, -0.5 half; null where that had nothing."),
]
Count = Annotated[int, Field(description="How many.")]
Amount = Annotated[int, Field(description="Minor units of `currency`.")]
Minutes = Annotated[int, Field(description="Minutes of one unit of a resource.")]
Rating = Annotated[float | None, Field(description="Mean of the stars with two decimals; null without a review.")]


def utilisation_of(row: Any) -> float | None:
    """Of a row with ``booked_minutes``, ``open_minutes`` and ``blocked_minutes``."""
    return rates.utilisation(booked=row.booked_minutes, open_=row.open_minutes, blocked=row.blocked_minutes)


class FiguresRead(Output):
    """Sums over business days. Bookings and their money count on the business day of their start."""

    currency: Annotated[str, Field(description="ISO 4217; amounts of different currencies are not added.")]
    bookings: Annotated[int, Field(description="All that were made, whatever became of them.")]
    pending: Count
    confirmed: Count
    checked_in: Count
    completed: Count
    cancelled: Count
    declined: Count
    expired: Annotated[int, Field(description="Holds that were not paid in time.")]
    no_show: Count
    people: Annotated[int, Field(description="Of confirmed, checked-in and completed bookings.")]
    value: Annotated[int, Field(description="Prices of confirmed, checked-in and completed bookings.")]
    gross: Annotated[int, Field(description="Captured online, cancellation fees included.")]
    refunds: Annotated[int, Field(description="Given back of `gross`.")]
    net: Annotated[int, Field(description="`gross` less `refunds`.")]
    venue: Annotated[int, Field(description="Taken at the venue for the day's visits, less what was given back there.")]
    reviews: Annotated[int, Field(description="Published reviews of the day's visits.")]
    new_customers: Annotated[int, Field(description="Customers with their first completed booking here.")]
    returning_customers: Annotated[int, Field(description="Other customers with a completed booking, by day.")]
    booked_minutes: Annotated[int, Field(description="Minutes of resources that were booked, buffers included.")]
    open_minutes: Annotated[int, Field(description="Minutes in which resources could be booked.")]
    blocked_minutes: Annotated[int, Field(description="Those of `open_minutes` that the business blocked.")]
    mean_rating: Rating
    cancellation_rate: Share
    no_show_rate: Share
    utilisation: Share

    @classmethod
    def of(cls, row: Any) -> Self:
        """A row with the sums; ``row`` has every column as an attribute."""
        counted = {
            name: getattr(row, name)
            for name in cls.model_fields
            if name not in {"cancellation_rate", "no_show_rate", "utilisation", "mean_rating"}
        }
        return cls(
            **counted,
            cancellation_rate=rates.cancellation_rate(
                bookings=row.bookings,
                pending=row.pending,
                expired=row.expired,
                declined=row.declined,
                cancelled=row.cancelled,
            ),
            no_show_rate=rates.no_show_rate(no_show=row.no_show, completed=row.completed, checked_in=row.checked_in),
            utilisation=utilisation_of(row),
            mean_rating=rates.mean_rating(row.rating_sum, row.reviews),
        )


class AnalyticsRead(FiguresRead):
    """One business day."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": "019a0c5e-8c00-7b10-9e2d-4a6b1c8d0f01",
                "business_id": "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58",
                "day": "2026-11-24",
                "currency": "JPY",
                "bookings": 14,
                "pending": 0,
                "confirmed": 0,
                "checked_in": 0,
                "completed": 11,
                "cancelled": 2,
                "declined": 0,
                "expired": 0,
                "no_show": 1,
                "people": 11,
                "value": 72600,
                "gross": 59400,
                "refunds": 6600,
                "net": 52800,
                "venue": 13200,
                "reviews": 2,
                "new_customers": 3,
                "returning_customers": 8,
                "booked_minutes": 780,
                "open_minutes": 1200,
                "blocked_minutes": 60,
                "mean_rating": 4.5,
                "cancellation_rate": 0.1429,
                "no_show_rate": 0.0833,
                "utilisation": 0.6842,
                "computed_at": "2026-11-24T17:00:04Z",
            }
        )
    )

    id: Annotated[UUID, Field(description="Of this business day's figures.")]
    business_id: Annotated[UUID, Field(description="Whose they are.")]
    day: Annotated[date, Field(description="The business day; it may run past midnight.")]
    computed_at: Annotated[datetime, Field(description="When the figures last changed, RFC 3339.")]

    @classmethod
    def of(cls, row: Any) -> Self:
        """A stored row."""
        figures = FiguresRead.of(row).model_dump()
        return cls(**figures, id=row.id, business_id=row.business_id, day=row.day, computed_at=row.updated_at)


class PeriodRead(Output):
    """Business days, both included."""

    first: Annotated[date, Field(description="The first business day.")]
    last: Annotated[date, Field(description="The last business day.")]

    @classmethod
    def of(cls, period: Period) -> Self:
        """A period."""
        return cls(first=period.first, last=period.last)


class ChangesRead(Output):
    """The figures of a period against those of the period before."""

    bookings: Change
    value: Change
    net: Change
    venue: Change
    new_customers: Change
    returning_customers: Change

    @classmethod
    def of(cls, now: FiguresRead, before: FiguresRead) -> Self:
        """Compare."""
        return cls(**{name: rates.change(getattr(now, name), getattr(before, name)) for name in cls.model_fields})


class ComparedRead(Output):
    """The sums of a period, of as many days before it, and how they differ."""

    period: PeriodRead = Field(description="The period, by business days.")
    figures: Annotated[FiguresRead | None, Field(description="Null where no day was computed yet.")]
    previous_period: PeriodRead = Field(description="The period of the same length before it.")
    previous: Annotated[FiguresRead | None, Field(description="Null where no day was computed.")]
    changes: Annotated[ChangesRead | None, Field(description="Null where one of both is missing.")]

    @classmethod
    def of(cls, period: Period, now: Any | None, before: Any | None) -> Self:
        """The sums of both periods."""
        figures = None if now is None else FiguresRead.of(now)
        previous = None if before is None else FiguresRead.of(before)
        return cls(
            period=PeriodRead.of(period),
            figures=figures,
            previous_period=PeriodRead.of(period.before()),
            previous=previous,
            changes=None if figures is None or previous is None else ChangesRead.of(figures, previous),
        )


class DayFiguresRead(Output):
    """One day of a series."""

    day: Annotated[date, Field(description="The business day.")]
    bookings: Count
    completed: Count
    cancelled: Count
    no_show: Count
    value: Amount
    net: Amount
    venue: Amount
    reviews: Count
    utilisation: Share


class ServiceFiguresRead(Output):
    """One service over the period. Its amounts are its share of the bookings that it was part of."""

    service_id: Annotated[UUID, Field(description="The service.")]
    name: BilingualRead = Field(description="Its name in Japanese, English or both.")
    bookings: Count
    completed: Count
    no_show: Count
    value: Amount
    net: Amount


class ResourceFiguresRead(Output):
    """One staff member, room or piece of equipment over the period. A booking's value counts for each of its
    resources, so that staff and rooms do not add up."""

    resource_id: Annotated[UUID, Field(description="The resource.")]
    name: BilingualRead = Field(description="Its name in Japanese, English or both.")
    kind: Annotated[Literal["staff", "room", "equipment"], Field(description="What it is.")]
    bookings: Count
    value: Amount
    booked_minutes: Minutes
    open_minutes: Minutes
    blocked_minutes: Minutes
    utilisation: Share


class HourFiguresRead(Output):
    """Bookings that start in one hour of one weekday."""

    weekday: Annotated[int, Field(description="0 is Monday, 6 Sunday; of the business day.")]
    hour: Annotated[int, Field(description="Of the business day: 25 is 1:00 to 2:00 in the night after it.")]
    bookings: Count
    people: Count


class BusinessAnalyticsRead(ComparedRead):
    """A period of one business, and what it is made of."""

    by_day: list[DayFiguresRead] = Field(description="One entry a business day, the oldest first.")
    by_service: Annotated[list[ServiceFiguresRead], Field(description="The highest value first.")]
    by_resource: Annotated[list[ResourceFiguresRead], Field(description="The highest value first.")]
    by_hour: Annotated[list[HourFiguresRead], Field(description="Weekday × hour, where anything started.")]


class CohortRead(Output):
    """The customers whose first completed booking was in one month."""

    month: Annotated[str, Field(description="YYYY-MM of their first completed booking.", examples=["2026-09"])]
    customers: Annotated[list[int], Field(description="How many came 0, 1, 2, … months later; the first is all.")]


class CohortsRead(Output):
    """Returning customers by the month of their first visit, the oldest month first."""

    cohorts: list[CohortRead] = Field(description="One entry a month, the oldest first.")


class PredictionRead(Output):
    """One day to come."""

    day: Annotated[date, Field(description="The date.")]
    expected: Annotated[float, Field(description="Bookings, with one decimal.")]
    booked: Annotated[int, Field(description="Bookings that are there already.")]


class AccuracyRead(Output):
    """Mean absolute errors over the last 28 days, in bookings a day; smaller is better."""

    model: Annotated[float, Field(description="Of the forecast as it would have been 28 days ago.")]
    same_as_last_week: Annotated[float, Field(description="Of the last week that was known then.")]
    days: Annotated[int, Field(description="How many days were compared.")]


class ForecastRead(Output):
    """The next 28 days: the mean of the same weekday of the last eight weeks, at least what is booked already."""

    days: list[PredictionRead] = Field(description="One entry a day, the next one first.")
    accuracy: Annotated[AccuracyRead | None, Field(description="Null where there is nothing to compare yet.")]


class DashboardRead(Output):
    """The present day as it is now, and the last days beside those before them."""

    business_id: Annotated[UUID, Field(description="Whose it is.")]
    today: Annotated[date, Field(description="The present date at the business.")]
    live: Annotated[FiguresRead, Field(description="The present day, counted for this answer.")]
    last_7_days: ComparedRead = Field(description="The last 7 business days beside the 7 before them.")
    last_28_days: ComparedRead = Field(description="The last 28 business days beside the 28 before them.")


class PlatformAnalyticsRead(Output):
    """All businesses together, a row for each currency."""

    period: PeriodRead = Field(description="The period, by business days.")
    businesses: Annotated[int, Field(description="That had a computed day in the period.")]
    totals: list[FiguresRead] = Field(description="Sums, one entry a currency.")

    @classmethod
    def of_rows(cls, period: Period, found: Sequence[Any]) -> Self:
        """Sums by currency."""
        return cls(
            period=PeriodRead.of(period),
            businesses=sum(row.businesses for row in found),
            totals=[FiguresRead.of(row) for row in found],
        )


class BackfillCreate(Input):
    """Business days that are to be computed again."""

    model_config = ConfigDict(
        json_schema_extra=examples({"first": "2026-10-01", "last": "2026-10-31", "business_id": None})
    )

    first: Annotated[Day, Field(description="The first business day.")]
    last: Annotated[Day, Field(description="The last business day; days that have not ended are left out.")]
    business_id: Annotated[UUID | None, Field(description="One business; null is all of them.")] = None


class BackfillRead(Output):
    """The accepted command."""

    model_config = ConfigDict(json_schema_extra=examples({"marked": 31}))

    marked: Annotated[int, Field(description="Business days that are being computed now.")]
