"""Money that came after its booking was over."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from db.bookings.claims import ClaimStore
from db.bookings.commands.transition import Locked, Message, TransitionStore, change_of
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.bookings.status import BookingStatus
from domain.messages.kinds import NoticeKind
from domain.payments.refunds import RefundReason
from domain.payments.settlement import held, settle
from domain.payments.status import SECURED, PaymentStatus

_FAILED = text("""
    SELECT coalesce(sum(amount), 0)::bigint FROM refunds WHERE payment_id = :payment_id AND status = 'failed'
""")


class ReinstateStore(TransitionStore):
    """Late money takes the time again, or goes back."""

    async def reinstate_after_late_payment(self, command: BookingCommand, now: datetime) -> BookingOutcome:
        """expired -> confirmed if the same claims are free and the start is ahead; else everything goes back that the
        booking's end does not entitle the business to. The customer is told either way.

        Nobody approved a booking that needs it, so such a one never comes back by itself. Money that the provider
        could not give back is on a person's list, so it is neither given back once more nor does it bring the booking
        back. For a booking that is not over, and where no money is with us, nothing happens.
        """
        booking, seen = await self._enter(command)
        if seen is not None:
            return seen
        payment = booking.payment
        over = {BookingStatus.EXPIRED, BookingStatus.CANCELLED, BookingStatus.DECLINED}
        if payment is None or booking.status not in over or payment.status not in SECURED:
            return booking.outcome()
        failed = await self._failed(payment.id)
        if not failed and await self._can_come_back(booking, now):
            return await self._come_back(booking, command, now)
        return await self._give_back(booking, command, now, failed)

    async def _failed(self, payment_id: UUID) -> int:
        """Minor units that were to go back and could not: their refund's end has filed them for a person."""
        return int(await self.session.scalar(_FAILED, {"payment_id": payment_id}) or 0)

    async def _can_come_back(self, booking: Locked, now: datetime) -> bool:
        payment = booking.payment
        if payment is None or booking.status is not BookingStatus.EXPIRED or booking.needs_approval:
            return False
        if held(payment.view(), booking.on_the_way) < booking.amount_due or now >= booking.start_at:
            return False
        return await ClaimStore(self.session, self.context).retake_claims(booking.id, now)

    async def _come_back(self, booking: Locked, command: BookingCommand, now: datetime) -> BookingOutcome:
        late = Message(NoticeKind.PAYMENT_LATE, _facts(booking, retaken=True))
        messages = (
            late,
            Message(NoticeKind.BOOKING_CONFIRMED),
            Message(NoticeKind.BOOKING_CONFIRMED, to_business=True),
        )
        change = change_of(
            booking, "confirmed", BookingStatus.CONFIRMED, details={"late_money": True}, messages=messages
        )
        return await self._write(booking, change, command, now)

    async def _give_back(self, booking: Locked, command: BookingCommand, now: datetime, failed: int) -> BookingOutcome:
        keep = booking.cancellation_penalty or 0
        payment = booking.payment
        if payment is None or (keep and payment.status is PaymentStatus.AUTHORIZED):
            return booking.outcome()  # The penalty's capture is on its way and releases the rest.
        settlement = settle(payment.view(), keep, booking.on_the_way)
        settlement = replace(settlement, refund=max(0, settlement.refund - failed))
        if not settlement.refund and settlement.movement is None:
            return booking.outcome()
        change = change_of(
            booking,
            "late_money_returned",
            booking.status,
            settlement=settlement,
            refund_reason=RefundReason.LATE,
            messages=(Message(NoticeKind.PAYMENT_LATE, _facts(booking, retaken=False)),),
        )
        return await self._write(booking, change, command, now)


def _facts(booking: Locked, retaken: bool) -> dict[str, object]:
    amount = held(booking.payment.view(), booking.on_the_way) if booking.payment else 0
    return {"amount": amount, "currency": booking.currency, "retaken": retaken, "confirmed": retaken}
