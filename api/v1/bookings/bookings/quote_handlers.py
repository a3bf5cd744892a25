"""Quotes for a cancellation or a move, and the times to which a booking can be moved. Nothing is changed.

The rules are `domain.bookings.decisions.cancel` and `domain.bookings.reschedule.reschedule_terms`.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.responses import Response

from api.http.fields import MoneyRead
from api.http.operation_errors import raises
from api.http.times import at_venue
from api.v1.bookings.bookings.quote_schemas import QuoteRead, RescheduleQuoteRead
from api.v1.scheduling.availability.handlers import answer_with_starts
from db.engine.session import UnitOfWork
from domain.errors import Gone, RuleBroken, WrongState
from domain.scheduling.errors import NotBookable, PartySizeRefused


@raises(WrongState, RuleBroken)
async def quote(work: UnitOfWork, booking_id: UUID, now: datetime, by_business: bool) -> QuoteRead:
    """What cancelling at ``now`` costs the customer, by the rule of the cancellation itself. Raises NotFound,
    WrongState for a booking that cannot be cancelled any more, and RuleBroken for a customer after the start."""
    ending, currency, time_zone = await work.bookings.changes.quote_cancellation(booking_id, by_business, now)
    return QuoteRead(
        penalty=MoneyRead(amount=ending.settlement.retained, currency=currency),
        refunding=MoneyRead(amount=ending.settlement.refund, currency=currency),
        released=MoneyRead(amount=ending.settlement.released, currency=currency),
        percent=ending.percent,
        at=at_venue(now, ZoneInfo(time_zone)),
    )


@raises(WrongState, Gone, RuleBroken)
async def quote_reschedule(work: UnitOfWork, booking_id: UUID, now: datetime, by_business: bool) -> RescheduleQuoteRead:
    """The terms of a move at ``now``, by the rule of the move itself. Raises NotFound, WrongState, Gone, and RuleBroken
    with the rule that refuses it."""
    terms, kept, time_zone = await work.bookings.changes.quote_reschedule(booking_id, by_business, now)
    zone = ZoneInfo(time_zone)
    until = terms.kept_penalty.until
    return RescheduleQuoteRead(
        needs_approval=terms.asks_again,
        moves_left=terms.moves_left,
        latest_at=at_venue(terms.latest_at, zone) if terms.latest_at else None,
        kept_penalty=MoneyRead(amount=kept.amount, currency=kept.currency),
        kept_penalty_percent=terms.kept_penalty.at(now),
        kept_penalty_until=at_venue(until, zone) if until else None,
        at=at_venue(now, zone),
    )


@raises(WrongState, Gone, RuleBroken, PartySizeRefused, NotBookable)
async def starts_for_reschedule(
    work: UnitOfWork,
    booking_id: UUID,
    by_business: bool,
    first: date,
    last: date,
    preferred: Sequence[UUID],
    now: datetime,
) -> Response:
    """``AvailabilityRead`` of the times that the booking can be moved to."""
    catalogue, starts, party_size = await work.bookings.changes.starts_for_reschedule(
        booking_id, by_business, first, last, preferred, now
    )
    return answer_with_starts(catalogue, starts, party_size)
