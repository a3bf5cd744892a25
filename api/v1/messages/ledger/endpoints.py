"""The ledger of a booking's messages, and statistics of a business."""

from datetime import UTC, datetime, time, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.callers import Access, Now
from api.access.operators import Operator, operator
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ok
from api.http.times import Day
from api.v1.messages.ledger.schemas import LedgerEntryRead, LedgerRead, MessageCountRead, MessageStatisticsRead
from domain.messages.ledger import check_days
from domain.messages.permissions import MessageAction

router = routing.router("/notifications", tags=["notifications"])
admin_router = routing.router("/admin/notices", tags=["admin"])

MayProve = Annotated[Access, Depends(may(MessageAction.PROVE, "booking"))]
MayCountAll = Annotated[Operator, Depends(operator(MessageAction.COUNT_ALL))]
MayCount = Annotated[Access, Depends(may(MessageAction.PROVE, "business"))]

#: A message waits at most for the end of a night, or for its provider for a day; two days are enough for all zones.
_BEFORE = timedelta(days=2)
#: No message is queued after it was due, so the end of the last day is the end in every zone.
_AFTER = timedelta(days=1)


@router.get("/ledger", summary="Get the ledger of a booking's messages", response_model=Envelope[LedgerRead])
async def get_message_ledger(booking_id: UUID, access: MayProve, now: Now) -> Response:
    """What was promised, when it was due, and what became of it, with every call to the provider; and the reminders
    that are still to come. For those who work there."""
    async with access.work(booking_id) as work:
        entries = await work.messages.ledger.ledger(booking_id, now)
    return ok(LedgerRead(entries=[LedgerEntryRead.of(entry) for entry in entries]))


@router.get("/stats", summary="Get statistics of messages", response_model=Envelope[MessageStatisticsRead])
async def get_message_statistics(
    business_id: UUID,
    access: MayCount,
    first_day: Annotated[Day, Query(description="First day, in the zone of the business.")],
    last_day: Annotated[Day, Query(description="Last day; at most 92 days with the first.")],
) -> Response:
    """By day, kind and channel, of the messages that were due on these days."""
    check_days(first_day, last_day)
    earliest = datetime.combine(first_day, time(), UTC) - _BEFORE
    async with access.work(business_id) as work:
        rows = await work.messages.ledger.statistics(business_id, first_day, last_day, earliest)
    return ok(MessageStatisticsRead(counts=[MessageCountRead.of(row) for row in rows]))


@admin_router.get("/stats", summary="Get statistics of all messages", response_model=Envelope[MessageStatisticsRead])
async def get_all_message_statistics(
    admin: MayCountAll,
    first_day: Annotated[Day, Query(description="First day, in Japan.")],
    last_day: Annotated[Day, Query(description="Last day; at most 31 days with the first.")],
) -> Response:
    """Of every business and of the platform itself, by day, kind and channel, of the messages that were due on these
    days."""
    within = (datetime.combine(first_day, time(), UTC) - _BEFORE, datetime.combine(last_day, time(), UTC) + _AFTER)
    async with admin.work() as work:
        check_days(first_day, last_day, of_all=True)
        rows = await work.messages.ledger.statistics_of_all(first_day, last_day, within)
    return ok(MessageStatisticsRead(counts=[MessageCountRead.of(row) for row in rows]))
