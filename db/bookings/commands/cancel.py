"""The end that somebody chooses: cancelled, at the price that the booking's own policy names."""

from datetime import datetime
from uuid import UUID

from db.bookings.commands.locked import Locked, amounts, change_of
from db.bookings.commands.notices import Message
from db.bookings.commands.transition import TransitionStore
from domain.booking_status import BookingStatus
from domain.bookings import decisions
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.bookings.decisions import Ending, is_business_side
from domain.errors import WrongState
from domain.messages.kinds import NoticeKind
from domain.payments.refunds import RefundReason
from domain.platform.actor import ActorKind


class CancelStore(TransitionStore):
    """Cancelling."""

    async def cancel(self, command: BookingCommand, now: datetime) -> BookingOutcome:
        """To cancelled, as ``decisions.cancel`` says; the time is free at once, the money follows. Raises what the
        decision raises, and WrongState for a stranded booking that has another time already."""
        booking, seen = await self._enter(command)
        if seen is not None:
            return seen
        if command.stranded and not booking.is_stranded:
            if command.actor_kind is ActorKind.SYSTEM:
                return booking.outcome()  # the deadline came when it had another time already
            raise WrongState({"status": booking.status.value, "wanted": "reaccommodation"})
        asked_by_business = is_business_side(command.actor_kind)
        ending = decisions.cancel(booking.facts(), asked_by_business, now)
        settlement = ending.settlement
        facts = amounts(booking, settlement) | {"by_business": ending.by_business, "cause": _cause(booking, command)}
        messages = [Message(NoticeKind.BOOKING_CANCELLED, facts)]
        # The business reads of an offered time that was not taken in the message about the offer.
        if not asked_by_business and not booking.is_stranded:
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
        """What cancelling at ``now`` would do, decided by the same rule on the same facts; with the currency and the
        venue's time zone. Changes nothing and waits for nobody. Raises NotFound and what ``cancel`` raises."""
        booking = await self._read_facts(booking_id)
        return decisions.cancel(booking.facts(), by_business, now), booking.currency, booking.time_zone


def _cause(booking: Locked, command: BookingCommand) -> str:
    """Why the booking ends, for the text of the message."""
    if booking.is_stranded and command.actor_kind is ActorKind.SYSTEM:
        return "no_answer"
    if is_business_side(command.actor_kind):
        return "business"
    return "offer_declined" if booking.is_stranded else "customer"
