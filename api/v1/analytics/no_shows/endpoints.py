"""The risk of no-shows of a business."""

from uuid import UUID

from starlette.responses import Response

from api.access.callers import Now
from api.http import routing
from api.http.envelope import Envelope
from api.v1.analytics.figures.endpoints import MayRead
from api.v1.analytics.no_shows.handlers import read_no_shows
from api.v1.analytics.no_shows.schemas import NoShowsRead

router = routing.router(tags=["analytics"])


@router.get(
    "/businesses/{business_id}/analytics/no-shows",
    summary="Get the risk of no-shows of the next week",
    response_model=Envelope[NoShowsRead],
)
async def get_no_shows(business_id: UUID, access: MayRead, now: Now) -> Response:
    """How often customers with which facts did not come, the confirmed bookings of the next seven days with their risk,
    and the error of such risks in the past."""
    return await read_no_shows(access, business_id, now)
