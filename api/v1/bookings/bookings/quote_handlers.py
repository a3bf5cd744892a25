"""What a cancellation would cost, asked without doing it. The rule is `domain.bookings.decisions.cancel`."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from api.http.fields import MoneyRead
from api.http.operation_errors import raises
from api.http.times import at_venue
from api.v1.bookings.bookings.schemas import QuoteRead
from db.engine.session import UnitOfWork
from domain.errors import RuleBroken, WrongState


@raises(WrongState, RuleBroken)
async def quote(work: UnitOfWork, booking_id: UUID, now: datetime, by_business: bool) -> QuoteRead:
    """What cancelling at ``now`` costs the customer, by the rule that the cancellation itself asks. Raises NotFound,
    WrongState for a booking that cannot be cancelled any more, and RuleBroken for a customer after the start."""
    ending, currency, time_zone = await work.bookings.changes.quote_cancellation(booking_id, by_business, now)
    return QuoteRead(
        penalty=MoneyRead(amount=ending.settlement.kept, currency=currency),
        refund=MoneyRead(amount=ending.returned, currency=currency),
        percent=ending.percent,
        at=at_venue(now, ZoneInfo(time_zone)),
    )
