"""A confirmed booking whose customer gave no card before the deadline."""

from datetime import datetime

from db.bookings.commands.locked import Locked, amounts, change_of
from db.bookings.commands.notices import Message
from db.bookings.commands.transition import TransitionStore
from db.payments.ledger import LedgerStore
from db.platform.attention import AttentionStore
from domain.booking_status import BookingStatus
from domain.bookings import lost_card
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.bookings.lost_card import LostCardStep
from domain.messages.kinds import NoticeKind
from domain.payments.refunds import RefundReason


class LostCardStore(TransitionStore):
    """What the business has chosen for a card hold that is lost."""

    async def end_card_request(self, command: BookingCommand, now: datetime) -> BookingOutcome:
        """The deadline for another card has passed: the booking is cancelled free of charge, or a person is asked. A
        booking with a card, or one that is over, is only reported."""
        booking, seen = await self._enter(command)
        if seen is not None:
            return seen
        # A hold that was released by hand has ended the request; the run has a copy of its deadline.
        has_ended = booking.card_due is None and await LedgerStore(self.session, self.context).given_up(booking.id)
        match lost_card.at_deadline(
            booking.facts(), booking.without_card, now, booking.card_due, booking.card_due_cancels, has_ended
        ):
            case LostCardStep.CANCEL:
                return await self._cancel(booking, command, now)
            case LostCardStep.REPORT:
                await self._report(booking)
        return booking.outcome()

    async def _cancel(self, booking: Locked, command: BookingCommand, now: datetime) -> BookingOutcome:
        settlement = lost_card.settlement_of(booking.facts())
        facts = amounts(booking, settlement) | {"by_business": False, "cause": "card_missing"}
        change = change_of(
            booking,
            "cancelled",
            BookingStatus.CANCELLED,
            settlement=settlement,
            refund_reason=RefundReason.CANCELLED,
            penalty=0,
            messages=(
                Message(NoticeKind.BOOKING_CANCELLED, facts),
                Message(NoticeKind.BOOKING_CANCELLED, facts, to_business=True),
            ),
        )
        return await self._write(booking, change, command, now)

    async def _report(self, booking: Locked) -> None:
        payment_id = booking.payment.id if booking.payment else None
        await AttentionStore(self.session, self.context).file(
            "card_missing",
            f"card_missing:{booking.id}",
            business_id=booking.business_id,
            booking_id=booking.id,
            payment_id=payment_id,
            details={"amount": booking.amount_due, "currency": booking.currency},
        )
