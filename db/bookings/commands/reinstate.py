"""Money that came after its booking had ended."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from db.bookings.claims import ClaimStore
from db.bookings.commands.locked import Locked, amounts, change_of
from db.bookings.commands.notices import Message
from db.bookings.commands.transition import TransitionStore
from domain.booking_status import BookingStatus
from domain.bookings import late_payment
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.messages.kinds import NoticeKind
from domain.payments.refunds import RefundReason
from domain.payments.settlement import Settlement, secured_amount

_FAILED = text("""
    SELECT coalesce(sum(amount), 0)::bigint FROM refunds WHERE payment_id = :payment_id AND status = 'failed'
""")


class ReinstateStore(TransitionStore):
    """Late money reinstates the booking, or is refunded."""

    async def reinstate_after_late_payment(self, command: BookingCommand, now: datetime) -> BookingOutcome:
        """expired -> confirmed if `late_payment.may_reinstate` allows it and the same claims are free; else
        `late_payment.settle_late_payment` decides what is refunded. The customer gets a notice in both cases. Without
        late money nothing happens."""
        booking, seen = await self._enter(command)
        if seen is not None:
            return seen
        facts = booking.facts()
        if booking.payment is None or not late_payment.is_late(facts):
            return booking.outcome()
        failed = await self._failed(booking.payment.id)
        if late_payment.may_reinstate(facts, failed, now) and await self._reinstate_claims(booking, now):
            return await self._come_back(booking, command, now)
        settlement = late_payment.settle_late_payment(facts, failed)
        return await self._give_back(booking, command, now, settlement) if settlement else booking.outcome()

    async def _failed(self, payment_id: UUID) -> int:
        """Minor units whose refund failed. The refund's run has filed an attention item for them."""
        return int(await self.session.scalar(_FAILED, {"payment_id": payment_id}) or 0)

    async def _reinstate_claims(self, booking: Locked, now: datetime) -> bool:
        return await ClaimStore(self.session, self.context).reinstate_claims(booking.id, now)

    async def _come_back(self, booking: Locked, command: BookingCommand, now: datetime) -> BookingOutcome:
        # The notice about the late payment also confirms the booking.
        messages = (
            Message(NoticeKind.PAYMENT_LATE, _facts(booking, reinstated=True)),
            Message(NoticeKind.BOOKING_CONFIRMED, to_business=True),
        )
        change = change_of(
            booking, "confirmed", BookingStatus.CONFIRMED, details={"late_money": True}, messages=messages
        )
        return await self._write(booking, change, command, now)

    async def _give_back(
        self, booking: Locked, command: BookingCommand, now: datetime, settlement: Settlement
    ) -> BookingOutcome:
        change = change_of(
            booking,
            "late_money_returned",
            booking.status,
            settlement=settlement,
            refund_reason=RefundReason.LATE,
            messages=(
                Message(NoticeKind.PAYMENT_LATE, _facts(booking, reinstated=False) | amounts(booking, settlement)),
            ),
        )
        return await self._write(booking, change, command, now)


def _facts(booking: Locked, reinstated: bool) -> dict[str, object]:
    amount = secured_amount(booking.payment.view(), booking.on_the_way) if booking.payment else 0
    return {"amount": amount, "currency": booking.currency, "reinstated": reinstated, "confirmed": reinstated}
