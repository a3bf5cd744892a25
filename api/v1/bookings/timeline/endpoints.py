"""The timeline of one booking."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.callers import Access, Now
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope
from api.v1.bookings.timeline.handlers import TimelineFormat, timeline
from api.v1.bookings.timeline.schemas import TimelineRead
from domain.bookings.permissions import BookingAction

router = routing.router("/bookings", tags=["bookings"])

MayRead = Annotated[Access, Depends(may(BookingAction.READ, "booking", link=True))]
Form = Annotated[
    TimelineFormat,
    Query(alias="format", description="`json`, or `markdown` for a document that shows the agreed terms as well."),
]


@router.get(
    "/{booking_id}/timeline",
    summary="Get the timeline of a booking",
    response_model=Envelope[TimelineRead],
    responses={200: {"content": {"text/markdown": {"schema": {"type": "string"}}}}},
)
async def get_booking_timeline(
    booking_id: UUID, access: MayRead, now: Now, form: Form = TimelineFormat.JSON
) -> Response:
    """Events of the booking, its payments and its messages, in sentences of the reader's language. Short for its
    customer; staff read everything, with names and the references at the provider."""
    async with access.work(booking_id) as work:
        return await timeline(work, booking_id, access.works_here, form, now)
