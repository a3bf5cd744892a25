"""Learns from a business's visits and predicts those of the next week."""

from datetime import datetime, timedelta
from uuid import UUID

from starlette.responses import Response

from api.access.callers import Access
from api.http.envelope import ok
from api.v1.analytics.no_shows.schemas import FactorRead, NoShowAccuracyRead, NoShowsRead, RiskRead
from domain.analytics import no_shows

#: Bookings from now until then get a risk, the highest ones of them at most so many.
AHEAD = timedelta(days=7)
MOST = 100


async def read_no_shows(access: Access, business_id: UUID, now: datetime) -> Response:
    """The model, its error, and the risks of the next week."""
    since = now - no_shows.LEARN_FROM - no_shows.MEASURED
    async with access.work(business_id) as work:
        found = await work.analytics.visits(business_id, since, now + AHEAD)
    visits = [visit for _, visit in found]
    model = no_shows.learn(visits, now)
    measured = no_shows.measure(visits, now)
    ahead = [(row_id, visit) for row_id, visit in found if visit.start_at >= now and visit.was_missed is None]
    risks = [RiskRead.of(row_id, visit, model) for row_id, visit in ahead] if model else []
    factors = sorted(model.factors.values(), key=lambda factor: -factor.odds) if model else []
    return ok(
        NoShowsRead(
            rate=None if model is None else round(model.rate, no_shows.DECIMALS),
            visits=0 if model is None else model.visits,
            factors=[FactorRead.of(factor) for factor in factors],
            bookings=sorted(risks, key=lambda risk: (-risk.risk, risk.start_at))[:MOST],
            accuracy=None if measured is None else NoShowAccuracyRead.of(measured),
        )
    )
