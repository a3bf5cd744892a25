"""Begins the renewal of an authorization that expires before the visit ends. `db.payments.commands.renew` records its
result."""

from dataclasses import replace
from datetime import datetime

from db.bookings.commands.transition import TransitionStore
from db.payments.ledger import Entry, LedgerStore
from domain.bookings import decisions
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.payments.movements import by_command
from domain.payments.status import Movement, Phase


class RenewalStore(TransitionStore):
    """A renewal is a movement ``authorize``. After a success, the surplus intent must be voided."""

    async def begin_renewal(self, command: BookingCommand, now: datetime) -> BookingOutcome:
        """The authorization expires before the visit ends: ``money`` authorizes the same amount again. None if the
        booking has ended or nothing is authorized; then nothing is written. The status does not change."""
        booking, _ = await self._enter(command)
        payment, amount = booking.payment, decisions.renewal_amount(booking.facts())
        if payment is None or amount is None:
            return booking.outcome()
        movement_id = by_command(payment.id, Movement.AUTHORIZE, command.command_id)
        task = payment.task(Movement.AUTHORIZE, movement_id, amount)
        await self._ledger.write(replace(Entry.of(task, Phase.INTENDED), provider_ref=task.intent_id))
        return booking.outcome(task)

    @property
    def _ledger(self) -> LedgerStore:
        return LedgerStore(self.session, self.context)
