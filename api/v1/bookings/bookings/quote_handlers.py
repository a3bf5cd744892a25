"""What a cancellation would cost, asked without doing it. The rule is `domain.catalogue.cancellation`."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from api.http.fields import MoneyRead
from api.http.times import at_venue
from api.v1.bookings.bookings.schemas import QuoteRead
from db.engine.session import UnitOfWork
from domain.bookings.status import BookingStatus, check_transition
from domain.catalogue.cancellation import Policy, Quote, penalty
from domain.money import Money
from domain.payments.settlement import held
from domain.payments.status import PaymentStatus


async def quote(work: UnitOfWork, booking_id: UUID, now: datetime, by_business: bool) -> QuoteRead:
    """What cancelling at ``now`` costs the customer; nothing where the business cancels or the booking was not
    confirmed yet. Raises NotFound, and WrongState for a booking that cannot be cancelled any more."""
    booking = await work.bookings.get(booking_id)
    check_transition(booking.status, BookingStatus.CANCELLED)
    paid = Money(await _held(work, booking_id), booking.currency)
    waits = await work.scheduling.reaccommodations.is_open(booking_id)
    if by_business or waits or booking.status is BookingStatus.PENDING:
        found = Quote(Money(0, booking.currency), paid, 0, None)
    else:
        price = Money(booking.price, booking.currency)
        found = penalty(Policy.from_json(booking.policy), paid, price, booking.start_at, now)
    return QuoteRead(
        penalty=MoneyRead(amount=found.penalty.amount, currency=booking.currency),
        refund=MoneyRead(amount=found.refund.amount, currency=booking.currency),
        percent=found.percent,
        at=at_venue(now, ZoneInfo(booking.time_zone)),
    )


async def _held(work: UnitOfWork, booking_id: UUID) -> int:
    """Paid or authorised, less what went or is going back. At most one payment of a booking is not voided."""
    for payment in await work.payments.lists.list_(booking_id=booking_id, limit=100):
        if payment.status is not PaymentStatus.VOIDED:
            return held(payment.view(), await work.payments.refunds.on_the_way(payment.id))
    return 0
