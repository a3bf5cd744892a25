"""The end that somebody chooses: cancelled, at the price that the booking's own policy names."""

from datetime import datetime

from db.bookings.commands.transition import Locked, Message, TransitionStore, change_of, is_staff
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.bookings.status import BookingStatus, check_transition
from domain.catalogue.cancellation import Policy, penalty
from domain.errors import RuleBroken, WrongState
from domain.identity.actor import ActorKind
from domain.messages.kinds import NoticeKind
from domain.money import Money
from domain.payments.settlement import held, settle


class CancelStore(TransitionStore):
    """Cancelling."""

    async def cancel(self, command: BookingCommand, now: datetime) -> BookingOutcome:
        """To cancelled; the time is free at once, the money follows.

        Customer and guest pay what the policy says of the price, at most what they paid online; nothing while the
        booking was not confirmed. Where the business (or the platform) cancels, or cannot keep the time, it is not the
        customer's doing: nothing is kept. Raises WrongState, and RuleBroken when the customer comes after the start.
        """
        booking, seen = await self._enter(command)
        if seen is not None:
            return seen
        if command.stranded and not booking.is_stranded:
            if command.actor_kind is ActorKind.SYSTEM:
                return booking.outcome()  # the deadline came when it had another time already
            raise WrongState({"status": booking.status.value, "wanted": "reaccommodation"})
        check_transition(booking.status, BookingStatus.CANCELLED)
        asked_by_business = is_staff(command.actor_kind)
        by_business = asked_by_business or booking.is_stranded
        if not by_business and now >= booking.start_at:
            raise RuleBroken({"rule": "already_started", "start_at": booking.start_at.isoformat()})
        keep = 0 if by_business else _penalty(booking, now)
        payment = booking.payment.view() if booking.payment else None
        settlement = settle(payment, keep, booking.on_the_way)
        facts = {
            "penalty": settlement.kept,
            "refund": settlement.refund,
            "currency": booking.currency,
            "by_business": by_business,
        }
        told = [Message(NoticeKind.BOOKING_CANCELLED, facts)]
        if not asked_by_business:
            told.append(Message(NoticeKind.BOOKING_CANCELLED, facts, to_business=True))
        change = change_of(
            booking,
            "cancelled",
            BookingStatus.CANCELLED,
            settlement=settlement,
            why="cancelled",
            penalty=settlement.kept,
            messages=tuple(told),
        )
        return await self._write(booking, change, command, now)


def _penalty(booking: Locked, now: datetime) -> int:
    if booking.payment is None or booking.status is BookingStatus.PENDING:
        return 0
    paid = Money(held(booking.payment.view(), booking.on_the_way), booking.currency)
    price = Money(booking.price, booking.currency)
    return penalty(Policy.from_json(booking.policy), paid, price, booking.start_at, now).penalty.amount
