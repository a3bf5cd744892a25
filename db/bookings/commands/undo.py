"""Undoing a step of staff, and the payments and messages of a step that can no longer be undone."""

from datetime import datetime

from db.bookings.claims import ClaimStore
from db.bookings.commands.locked import Locked, amounts, change_of
from db.bookings.commands.notices import Message
from db.bookings.commands.review_request import review_request
from db.bookings.commands.transition import TransitionStore
from domain.booking_status import FINAL, BookingStatus
from domain.bookings import decisions, undo
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.errors import RuleBroken
from domain.messages.kinds import NoticeKind
from domain.payments.refunds import RefundReason
from domain.payments.settlement import Settlement
from domain.payments.status import Movement

_MESSAGES = {
    BookingStatus.COMPLETED: NoticeKind.BOOKING_COMPLETED,
    BookingStatus.NO_SHOW: NoticeKind.BOOKING_NO_SHOW,
    BookingStatus.DECLINED: NoticeKind.BOOKING_DECLINED,
}
_REASONS = {BookingStatus.NO_SHOW: RefundReason.NO_SHOW, BookingStatus.DECLINED: RefundReason.DECLINED}


class UndoStore(TransitionStore):
    """Undoes a step, or makes it final."""

    async def undo(self, command: BookingCommand, now: datetime) -> BookingOutcome:
        """Undo the last step of staff; a booking that was over claims its time again. Nothing was charged, refunded
        or sent for the step. Raises the errors of `domain.bookings.undo.undo`, and RuleBroken with
        ``undo_time_taken`` where another booking has the time now."""
        booking, seen = await self._enter(command)
        if seen is not None:
            return seen
        back = undo.undo(booking.facts(), now)
        if booking.status in FINAL:
            claims = ClaimStore(self.session, self.context)
            if not await claims.reinstate_claims(booking.id, now, even_started=True):
                raise RuleBroken({"rule": "undo_time_taken"})
        change = change_of(
            booking, undo.UNDONE, back, penalty=None, details={"step": booking.status.value}, undo_until=None
        )
        return await self._write(booking, change, command, now)

    async def settle_ending(self, command: BookingCommand, now: datetime) -> BookingOutcome:
        """The step can no longer be undone: its money moves and its messages are queued. Does nothing for a booking
        whose step was undone or is settled."""
        booking, seen = await self._enter(command)
        if seen is not None or booking.undo_until is None or booking.status not in FINAL:
            return seen or booking.outcome()
        settlement = decisions.postponed(booking.facts()).settlement
        facts = facts_of_ending(booking, settlement)
        if booking.status is BookingStatus.DECLINED:
            facts |= await self._start_given_up(booking)
        change = change_of(
            booking,
            undo.SETTLED,
            booking.status,
            settlement=settlement,
            refund_reason=_REASONS.get(booking.status, RefundReason.REQUESTED),
            messages=(Message(_MESSAGES[booking.status], facts), *review_request(booking)),
            undo_until=None,
            undo_to=None,
        )
        return await self._write(booking, change, command, now)


def facts_of_ending(booking: Locked, settlement: Settlement) -> dict[str, object]:
    """The amounts for the message about an end."""
    if booking.status is not BookingStatus.COMPLETED:
        return amounts(booking, settlement)
    charged = settlement.amount if settlement.movement is Movement.CAPTURE else 0
    return {"charge": charged, "currency": booking.currency}
