"""From a hold to a confirmed booking: payment, then approval."""

from datetime import datetime

from db.bookings.commands.locked import Locked, amounts, change_of, postponable
from db.bookings.commands.notices import Message
from db.bookings.commands.transition import TransitionStore
from domain.booking_status import BookingStatus
from domain.bookings import confirmation, decisions
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.messages.kinds import NoticeKind
from domain.payments.refunds import RefundReason
from domain.platform.actor import ActorKind


class ConfirmStore(TransitionStore):
    """A hold whose time has ended but that was not swept still has its claims, which the constraint protects, so it may
    still be confirmed."""

    async def confirm(self, command: BookingCommand, now: datetime) -> BookingOutcome:
        """pending -> confirmed, by the workflow. A booking that is no longer pending is only reported, and no outcome
        is stored: if it has expired, its money is late, which ``reinstate_after_late_payment`` decides.

        Raises WrongState while the money or the approval is missing.
        """
        booking, seen = await self._enter(command)
        if seen is not None:
            return seen
        if not confirmation.confirm(booking.facts()):
            return booking.outcome()
        return await self._confirm(booking, command, now, notify_business=True)

    async def confirm_quietly(self, command: BookingCommand, now: datetime) -> BookingOutcome:
        """pending -> confirmed without a message: of a customer who is there. Raises as ``confirm``."""
        booking, seen = await self._enter(command)
        if seen is not None:
            return seen
        confirmation.confirm(booking.facts())
        return await self._write(booking, change_of(booking, "confirmed", BookingStatus.CONFIRMED), command, now)

    async def approve(self, command: BookingCommand, now: datetime) -> BookingOutcome:
        """pending -> confirmed, by a member of the business; the proof of the address is not required. Raises
        WrongState while the money is missing, and if neither approval nor proof is needed."""
        booking, seen = await self._enter(command)
        if seen is not None:
            return seen
        confirmation.approve(booking.facts())
        return await self._confirm(booking, command, now, notify_business=False)

    async def await_approval(self, command: BookingCommand, now: datetime) -> BookingOutcome:
        """The money is secured: extend the hold until the approval deadline and notify the business. A booking that is
        no longer pending is only reported."""
        booking, seen = await self._enter(command)
        if seen is not None:
            return seen
        deadline = confirmation.await_approval(booking.facts())
        if deadline is None:
            return booking.outcome()
        change = change_of(
            booking,
            "awaiting_approval",
            BookingStatus.PENDING,
            hold_expires_at=deadline,
            approval_deadline=deadline,
            messages=(Message(NoticeKind.BOOKING_REQUESTED, to_business=True), Message(NoticeKind.BOOKING_REQUESTED)),
        )
        return await self._write(booking, change, command, now)

    async def decline(self, command: BookingCommand, now: datetime) -> BookingOutcome:
        """pending -> declined; everything is refunded. Raises WrongState for a booking that is not pending."""
        booking, seen = await self._enter(command)
        if seen is not None:
            return seen
        settlement = decisions.decline(booking.facts()).settlement
        facts = amounts(booking, settlement) | await self._start_given_up(booking)
        messages = [Message(NoticeKind.BOOKING_DECLINED, facts)]
        if command.actor_kind is ActorKind.SYSTEM:  # the business did not answer in time
            messages.append(Message(NoticeKind.BOOKING_DECLINED, facts, to_business=True))
        change = change_of(
            booking,
            "declined",
            BookingStatus.DECLINED,
            settlement=settlement,
            refund_reason=RefundReason.DECLINED,
            penalty=0,
            messages=tuple(messages),
        )
        return await self._write(booking, postponable(booking, change, command, now), command, now)

    async def _confirm(
        self, booking: Locked, command: BookingCommand, now: datetime, notify_business: bool
    ) -> BookingOutcome:
        # A booking that was moved may be confirmed a second time.
        key = str(booking.version) if booking.version else ""
        messages = [Message(NoticeKind.BOOKING_CONFIRMED, key=key)]
        if notify_business:
            messages.append(Message(NoticeKind.BOOKING_CONFIRMED, to_business=True, key=key))
        change = change_of(booking, "confirmed", BookingStatus.CONFIRMED, messages=tuple(messages))
        return await self._write(booking, change, command, now)
