"""The steps of a booking that change Postgres. Each is one transaction, made idempotent by its command id."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from temporalio import activity

from db.engine.context import Context
from db.engine.session import Database, Scope
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.platform.actor import Actor


@dataclass(frozen=True)
class ExtendHoldInput:
    """Extend the hold of a pending booking until ``until``, because its payment is not settled yet."""

    booking_id: UUID
    business_id: UUID
    until: datetime


@dataclass(frozen=True)
class RemindInput:
    """The reminder that is sent ``offset`` before the visit that starts at ``start_at``."""

    booking_id: UUID
    business_id: UUID
    start_at: datetime
    offset: timedelta


def _context(command: BookingCommand) -> Context:
    return Context(actor=Actor(command.actor_kind, command.actor_id), request_id=command.command_id)


class BookingActivities:
    """``now`` gives aware UTC time."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    @activity.defn(name="bookings.confirm")
    async def confirm(self, command: BookingCommand) -> BookingOutcome:
        """pending -> confirmed, because the money is secured or none is due. If the hold has expired in the meantime,
        the outcome says ``expired`` and nothing changes: that money is late."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.confirm(command, self._now())

    @activity.defn(name="bookings.prove_contact")
    async def prove_contact(self, command: BookingCommand) -> BookingOutcome:
        """The guest proved the address: confirmed, or waiting for approval. Raises WrongState and HoldLimit."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.prove_contact(command, self._now())

    @activity.defn(name="bookings.expire_unproven")
    async def expire_unproven(self, command: BookingCommand) -> BookingOutcome:
        """pending -> expired, because the address was not proven in time. Sends no notice."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.expire_unproven(command, self._now())

    @activity.defn(name="bookings.approve")
    async def approve(self, command: BookingCommand) -> BookingOutcome:
        """A member of the business approves. Raises WrongState while the money is missing."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.approve(command, self._now())

    @activity.defn(name="bookings.await_approval")
    async def await_approval(self, command: BookingCommand) -> BookingOutcome:
        """The money is secured: extend the hold until the approval deadline and notify the business."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.await_approval(command, self._now())

    @activity.defn(name="bookings.begin_expiry")
    async def begin_expiry(self, command: BookingCommand) -> BookingOutcome:
        """The hold has ended. Expires at once when no intent is open; else records that the intent must be closed and
        returns that as ``money``."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.begin_expiry(command, self._now())

    @activity.defn(name="bookings.expire")
    async def expire(self, command: BookingCommand) -> BookingOutcome:
        """pending -> expired after the provider closed the intent. Releases the claims and notifies the customer."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.expire(command, self._now())

    @activity.defn(name="bookings.begin_renewal")
    async def begin_renewal(self, command: BookingCommand) -> BookingOutcome:
        """The authorization expires before the visit ends. ``money`` is the new authorization, None if there is nothing
        to renew. The status does not change."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.begin_renewal(command, self._now())

    @activity.defn(name="bookings.end_card_request")
    async def end_card_request(self, command: BookingCommand) -> BookingOutcome:
        """The customer gave no other card before the deadline: cancelled or reported, as the business has chosen. With
        a card, only reported as it is."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.end_card_request(command, self._now())

    @activity.defn(name="bookings.extend_hold")
    async def extend_hold(self, extension: ExtendHoldInput) -> bool:
        """Extend the hold while it is unknown whether it is paid. False when the hold is already gone."""
        async with self._database.unit_of_work(Scope.tenant(extension.business_id)) as work:
            return await work.bookings.changes.extend_hold(extension.booking_id, extension.until)

    @activity.defn(name="bookings.decline")
    async def decline(self, command: BookingCommand) -> BookingOutcome:
        """pending -> declined by the business or at the deadline; the money is refunded or voided."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.decline(command, self._now())

    @activity.defn(name="bookings.cancel")
    async def cancel(self, command: BookingCommand) -> BookingOutcome:
        """To cancelled. The penalty follows the booking's own policy; the rest is refunded."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.cancel(command, self._now())

    @activity.defn(name="bookings.reschedule")
    async def reschedule(self, command: BookingCommand) -> BookingOutcome:
        """Claim the new time, then release the old one, in one transaction. Raises SlotTaken with alternatives."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.reschedule(command, self._now())

    @activity.defn(name="bookings.check_in")
    async def check_in(self, command: BookingCommand) -> BookingOutcome:
        """confirmed -> checked_in."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.check_in(command, self._now())

    @activity.defn(name="bookings.complete")
    async def complete(self, command: BookingCommand) -> BookingOutcome:
        """To completed. ``money`` captures what is due of an authorization. Asks once for a review."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.complete(command, self._now())

    @activity.defn(name="bookings.no_show")
    async def no_show(self, command: BookingCommand) -> BookingOutcome:
        """To no_show. Charges what the policy says and refunds the rest."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.no_show(command, self._now())

    @activity.defn(name="bookings.reinstate")
    async def reinstate_after_late_payment(self, command: BookingCommand) -> BookingOutcome:
        """Money came after the hold had ended: expired -> confirmed if the same time is still free and in the future,
        else everything is refunded or voided. The customer gets a notice in both cases."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.reinstate_after_late_payment(command, self._now())

    @activity.defn(name="bookings.undo")
    async def undo(self, command: BookingCommand) -> BookingOutcome:
        """Take back the last step of staff. Raises WrongState, and RuleBroken where it is too late."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.undo(command, self._now())

    @activity.defn(name="bookings.settle_ending")
    async def settle_ending(self, command: BookingCommand) -> BookingOutcome:
        """The last step can no longer be undone: its money moves (``money``) and its messages are queued."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.settle_ending(command, self._now())

    @activity.defn(name="bookings.remind")
    async def remind(self, reminder: RemindInput) -> bool:
        """Queue one reminder. False when it was queued before, or the visit no longer starts at that time."""
        async with self._database.unit_of_work(Scope.tenant(reminder.business_id)) as work:
            return await work.bookings.changes.remind(reminder.booking_id, reminder.start_at, reminder.offset)
