"""The end of a hold: settled with the provider by its workflow, or swept when another booking needs its time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from db.bookings.commands.locked import Change, Locked, change_of
from db.bookings.commands.notices import Message
from db.bookings.commands.transition import TransitionStore
from db.payments.payments import PaymentStore
from domain.booking_status import BookingStatus
from domain.bookings import expiry
from domain.bookings.commands import BookingCommand, BookingOutcome, Cause
from domain.bookings.expiry import HoldEnd
from domain.messages.kinds import NoticeKind
from domain.payments.movements import by_command
from domain.payments.status import Movement
from domain.payments.tasks import MoneyTask
from domain.platform.actor import SYSTEM

_EXTEND = text("""
    WITH booking AS (
        UPDATE bookings SET hold_expires_at = greatest(hold_expires_at, :until)
         WHERE id = :booking_id AND status = 'pending' RETURNING id, hold_expires_at),
    claims AS (
        UPDATE resource_claims c SET holds_until = b.hold_expires_at FROM booking b
         WHERE c.booking_id = b.id AND c.released_at IS NULL)
    SELECT id FROM booking
""")
# A booking that another transaction has locked is being changed, so it is left out. Waiting could cause a deadlock of
# two transactions that sweep for each other.
_LAPSED = text("""
    SELECT b.id, b.business_id, b.status FROM bookings b WHERE b.id = ANY(:ids) ORDER BY b.id
       FOR NO KEY UPDATE SKIP LOCKED
""")
_HAS_UNAPPLIED_PAYMENT = text("SELECT app_has_unapplied_payment(:booking_id)")


def expiry_of(booking: Locked) -> Change:
    """The end of a hold, with its messages."""
    messages = [Message(NoticeKind.BOOKING_EXPIRED)]
    if expiry.notifies_business(booking.facts()):
        messages.append(Message(NoticeKind.BOOKING_EXPIRED, to_business=True))
    return change_of(booking, "expired", BookingStatus.EXPIRED, messages=tuple(messages))


class ExpiryStore(TransitionStore):
    """``begin_expiry`` and ``expire`` make the same decision; between them the workflow asks the provider."""

    async def begin_expiry(self, command: BookingCommand, now: datetime) -> BookingOutcome:
        """The workflow says that the hold has ended.

        Expires at once if no intent is open. An open intent is returned as ``money``: it must be closed at the provider
        before the claims are released; also for a swept booking, whose intent can still be paid. With secured money
        nothing changes, as the outcome shows.
        """
        booking, seen = await self._enter(command)
        if seen is not None:
            return seen
        match expiry.end_hold(booking.facts(), now):
            case HoldEnd.CLOSE_INTENT:
                return booking.outcome(await self._close(booking, command))
            case HoldEnd.EXPIRE:
                return await self._expire(booking, command, now)
            case HoldEnd.NOTHING | HoldEnd.WAIT:
                return booking.outcome()

    async def expire(self, command: BookingCommand, now: datetime) -> BookingOutcome:
        """pending -> expired after the provider closed the intent. Releases the claims and notifies the customer.

        Checks again under the lock: money that came in the meantime keeps the booking, and an intent that is open again
        is returned as ``money``.
        """
        return await self.begin_expiry(command, now)

    async def extend_hold(self, booking_id: UUID, until: datetime) -> bool:
        """Extend the hold of a pending booking to at least ``until``. False when it is not pending any more."""
        extended = await self.session.execute(_EXTEND, {"booking_id": booking_id, "until": until})
        return extended.scalar() is not None

    async def sweep(self, booking_ids: Sequence[UUID], now: datetime) -> int:
        """Expire those of these bookings whose hold has ended, because another booking needs their time.

        Returns how many have released their claims, by this or by another transaction. A booking keeps its claims if it
        is being changed, its hold was extended, its money is secured, or a stored payment event is still to be applied.
        """
        gone = 0
        for row in (await self.session.execute(_LAPSED, {"ids": list(booking_ids)})).all():
            booking, _ = await self._lock(row.id)
            facts = booking.facts()
            if facts.status is not BookingStatus.PENDING:
                gone += not expiry.still_needs_claims(facts)
                continue
            if not expiry.may_sweep(facts, now) or (booking.amount_due and await self._money_waits(booking)):
                continue
            swept = BookingCommand(booking.id, booking.business_id, "", SYSTEM.kind, cause=Cause.SWEPT)
            await self._expire(booking, swept, now)
            gone += 1
        return gone

    async def _money_waits(self, booking: Locked) -> bool:
        return bool(await self.session.scalar(_HAS_UNAPPLIED_PAYMENT, {"booking_id": booking.id}))

    async def _expire(self, booking: Locked, command: BookingCommand, now: datetime) -> BookingOutcome:
        return await self._write(booking, expiry_of(booking), command, now)

    async def _close(self, booking: Locked, command: BookingCommand) -> MoneyTask | None:
        if booking.payment is None:
            return None
        movement_id = by_command(booking.payment.id, Movement.VOID, command.command_id)
        # An authorization in time counts, even if its webhook has not arrived yet.
        task = replace(booking.payment.task(Movement.VOID, movement_id, 0), spares_money=True)
        await PaymentStore(self.session, self.context).intend(task)
        return task
