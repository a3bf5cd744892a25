"""Cancelling a booking, with the penalty of its own policy."""

from datetime import datetime
from uuid import UUID

from db.bookings.commands.locked import amounts, change_of
from db.bookings.commands.notices import Message
from db.bookings.commands.transition import TransitionStore
from domain.booking_status import BookingStatus
from domain.bookings import decisions
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.bookings.decisions import Ending, is_business_side
from domain.messages.kinds import NoticeKind
from domain.payments.refunds import RefundReason


class CancelStore(TransitionStore):
    """Cancelling."""

    async def cancel(self, command: BookingCommand, now: datetime) -> BookingOutcome:
        """To cancelled, as ``decisions.cancel`` says; the time is free at once, the money follows. Raises what the
        decision raises, and what ``decisions.answers_offer`` raises where the command answers an offer."""
        booking, seen = await self._enter(command)
        if seen is not None:
            return seen
        known, kind = booking.facts(), command.actor_kind
        if command.stranded and not decisions.answers_offer(known, kind):
            return booking.outcome()
        ending = decisions.cancel(known, is_business_side(kind), now)
        settlement = ending.settlement
        facts = amounts(booking, settlement) | {
            "by_business": ending.by_business,
            "cause": decisions.cause_of_cancellation(known, kind),
        }
        messages = [Message(NoticeKind.BOOKING_CANCELLED, facts)]
        if decisions.notifies_business_of_cancellation(known, kind):
            messages.append(Message(NoticeKind.BOOKING_CANCELLED, facts, to_business=True))
        change = change_of(
            booking,
            "cancelled",
            BookingStatus.CANCELLED,
            settlement=settlement,
            refund_reason=RefundReason.CANCELLED,
            penalty=settlement.retained,
            messages=tuple(messages),
        )
        return await self._write(booking, change, command, now)

    async def quote_cancellation(self, booking_id: UUID, by_business: bool, now: datetime) -> tuple[Ending, str, str]:
        """What cancelling at ``now`` would do, by the same rule on the same facts; with the currency and the venue's
        time zone. Changes and locks nothing. Raises NotFound and what ``cancel`` raises."""
        booking = await self._read_facts(booking_id)
        return decisions.cancel(booking.facts(), by_business, now), booking.currency, booking.time_zone
