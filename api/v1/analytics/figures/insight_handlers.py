"""Cohorts, the forecast, and pictures of figures."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from starlette.responses import Response

from analytics import pictures
from api.access.callers import Access
from api.http.envelope import ok
from api.http.request_info import Language, request_info
from api.v1.analytics.figures.schemas import AccuracyRead, CohortRead, CohortsRead, ForecastRead, PredictionRead
from db.engine.session import UnitOfWork
from domain.analytics import forecast
from domain.analytics.periods import Period

Picture = Literal["revenue", "occupancy", "cohorts"]
_TITLES = {
    "revenue": {"ja": "日別の売上", "en": "Revenue by day"},
    "occupancy": {"ja": "曜日・時間帯別の予約数", "en": "Bookings by weekday and hour"},
    "cohorts": {"ja": "初回来店月ごとの再来店数", "en": "Returning customers by month of first visit"},
}


async def read_cohorts(access: Access, business_id: UUID, now: datetime) -> Response:
    """The last twelve months of first visits."""
    async with access.work(business_id) as work:
        return ok(CohortsRead(cohorts=await _cohorts(work, business_id, now)))


async def read_forecast(access: Access, business_id: UUID, now: datetime) -> Response:
    """The next 28 days, and how good the forecast was."""
    async with access.work(business_id) as work:
        today = await work.analytics.today(business_id, now)
        past = Period(today - timedelta(days=(forecast.WEEKS + 5) * 7), today - timedelta(days=1))
        ahead = Period(today, today + timedelta(days=forecast.HORIZON - 1))
        history = await work.analytics.attended_bookings(business_id, past)
        booked = await work.analytics.booked(business_id, ahead)
    measured = forecast.measure(history, today)
    days = [
        PredictionRead(day=one.day, expected=one.expected, booked=one.booked)
        for one in forecast.predict(history, booked, today)
    ]
    accuracy = (
        None
        if measured is None
        else AccuracyRead(model=measured.model, same_as_last_week=measured.same_as_last_week, days=measured.days)
    )
    return ok(ForecastRead(days=days, accuracy=accuracy))


async def draw(access: Access, business_id: UUID, picture: Picture, asked: Period, now: datetime) -> Response:
    """A picture as SVG, with words in the caller's language."""
    language = request_info().language
    title = _TITLES[picture][language.value]
    async with access.work(business_id) as work:
        svg = await _draw(work, business_id, picture, asked, now, language, title)
    # The picture may be embedded or opened by itself: it may neither load nor run anything.
    policy = {"Content-Security-Policy": "default-src 'none'; style-src 'none'; sandbox"}
    return Response(svg, media_type="image/svg+xml", headers=policy)


async def _draw(
    work: UnitOfWork,
    business_id: UUID,
    picture: Picture,
    asked: Period,
    now: datetime,
    language: Language,
    title: str,
) -> str:
    if picture == "cohorts":
        rows = [(one.month, one.customers) for one in await _cohorts(work, business_id, now)]
        return pictures.cohorts(rows, title)
    found = await work.analytics.breakdown(business_id, asked)
    if picture == "occupancy":
        cells = {(row.weekday, row.hour): row.bookings for row in found.hours}
        return pictures.occupancy(cells, language.value, title)
    totals = await work.analytics.totals(business_id, asked)
    currency = totals[0].currency if totals else ""
    return pictures.revenue([(row.day, row.net) for row in found.days], currency, title)


async def _cohorts(work: UnitOfWork, business_id: UUID, now: datetime) -> list[CohortRead]:
    today = await work.analytics.today(business_id, now)
    since = date(today.year - 1, today.month, 1)
    counts: defaultdict[date, dict[int, int]] = defaultdict(dict)
    for row in await work.analytics.cohorts(business_id, since):
        counts[row.month][row.later] = row.customers
    return [
        CohortRead(month=f"{month:%Y-%m}", customers=[found.get(n, 0) for n in range(_months(month, today) + 1)])
        for month, found in sorted(counts.items())
    ]


def _months(month: date, today: date) -> int:
    return max(0, (today.year - month.year) * 12 + today.month - month.month)
