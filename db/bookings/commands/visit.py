"""The visit: reminders before it, check-in, completion, and no-show."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from db.bookings.commands.locked import amounts, change_of, postponable
from db.bookings.commands.notices import Message
from db.bookings.commands.review_request import review_request
from db.bookings.commands.transition import TransitionStore
from domain.booking_status import BookingStatus
from domain.bookings import decisions
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.bookings.undo import undo_until
from domain.messages.kinds import NoticeKind
from domain.payments.refunds import RefundReason
from domain.payments.status import Movement
from domain.platform.actor import ActorKind

_REMIND = text("""
    INSERT INTO booking_reminders (business_id, booking_id, start_at, offset_seconds)
    VALUES (:business_id, :booking_id, :start_at, :offset) ON CONFLICT DO NOTHING RETURNING id
""")


class VisitStore(TransitionStore):
    """From the reminder to the request for a review."""

    async def remind(self, booking_id: UUID, start_at: datetime, offset: timedelta) -> bool:
        """Queue the reminder that is due ``offset`` before ``start_at``. False when it was queued before, or the
        booking is not confirmed for that time (any more)."""
        booking, _ = await self._lock(booking_id)
        if not decisions.may_remind(booking.facts(), start_at):
            return False
        seconds = int(offset.total_seconds())
        row = {
            "business_id": booking.business_id,
            "booking_id": booking_id,
            "start_at": start_at,
            "offset": seconds,
        }
        if await self.session.scalar(_REMIND, row) is None:
            return False
        facts = {"start_at": start_at.isoformat()}
        reminder = Message(NoticeKind.BOOKING_REMINDER, facts, key=f"{start_at.isoformat()}:{seconds}")
        await self._queue_notices(booking, reminder)
        return True

    async def check_in(self, command: BookingCommand, now: datetime) -> BookingOutcome:
        """confirmed -> checked_in, from ``CHECK_IN_EARLY`` before the start. Raises WrongState, RuleBroken."""
        booking, seen = await self._enter(command)
        if seen is not None:
            return seen
        decisions.check_in(booking.facts(), now)
        until = undo_until(command.actor_kind, booking.undo_within, now)
        undoable = {"undo_until": until, "undo_to": booking.status if until else None}
        change = change_of(booking, "checked_in", BookingStatus.CHECKED_IN, **undoable)
        return await self._write(booking, change, command, now)

    async def complete(self, command: BookingCommand, now: datetime) -> BookingOutcome:
        """checked_in -> completed; an authorization is captured in full. The system also completes a confirmed booking
        that nobody checked in, by way of checked_in, so that the history follows the transition table.

        Raises WrongState.
        """
        booking, seen = await self._enter(command)
        if seen is not None:
            return seen
        if decisions.is_checked_in_by_completion(booking.facts(), command.actor_kind):
            step = BookingCommand(booking.id, booking.business_id, "", ActorKind.SYSTEM, cause=command.cause)
            await self._write(booking, change_of(booking, "checked_in", BookingStatus.CHECKED_IN), step, now)
            booking, _ = await self._lock(booking.id)
        settlement = decisions.complete(booking.facts()).settlement
        charged = settlement.amount if settlement.movement is Movement.CAPTURE else 0
        facts = {"charge": charged, "currency": booking.currency}
        change = change_of(
            booking,
            "completed",
            BookingStatus.COMPLETED,
            settlement=settlement,
            messages=(Message(NoticeKind.BOOKING_COMPLETED, facts), *review_request(booking)),
        )
        return await self._write(booking, postponable(booking, change, command, now), command, now)

    async def no_show(self, command: BookingCommand, now: datetime) -> BookingOutcome:
        """To no_show, only after the start; charges what the policy says and refunds the rest.

        With ``waive_penalty`` nothing is charged. Raises WrongState, and RuleBroken before the start.
        """
        booking, seen = await self._enter(command)
        if seen is not None:
            return seen
        settlement = decisions.no_show(booking.facts(), command.waive_penalty, now).settlement
        facts = amounts(booking, settlement)
        change = change_of(
            booking,
            "no_show",
            BookingStatus.NO_SHOW,
            settlement=settlement,
            refund_reason=RefundReason.NO_SHOW,
            penalty=settlement.retained,
            messages=(Message(NoticeKind.BOOKING_NO_SHOW, facts),),
        )
        return await self._write(booking, postponable(booking, change, command, now), command, now)
