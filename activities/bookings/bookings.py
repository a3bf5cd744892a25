"""The steps of a booking's life that change Postgres: each is one transaction, keyed by its command."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from temporalio import activity

from db.engine.context import Context
from db.engine.session import Database, Scope
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.identity.actor import Actor


@dataclass(frozen=True)
class ExtendHoldInput:
    """Keep the time of a pending booking until ``until`` because its money is not settled yet."""

    booking_id: UUID
    business_id: UUID
    until: datetime


@dataclass(frozen=True)
class RemindInput:
    """The reminder that is due ``offset`` before the visit that starts at ``start_at``."""

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
        """pending -> confirmed, because the money is secured or nothing more is asked. If the hold was swept in the
        meantime the outcome says ``expired`` and nothing changes: that money is late."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.confirm(command, self._now())

    @activity.defn(name="bookings.prove_contact")
    async def prove_contact(self, command: BookingCommand) -> BookingOutcome:
        """The address is theirs: confirmed, or waiting for approval. Raises WrongState and HoldLimit."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.prove_contact(command, self._now())

    @activity.defn(name="bookings.expire_unproven")
    async def expire_unproven(self, command: BookingCommand) -> BookingOutcome:
        """pending -> expired, because nobody proved the address in time; sends no notice."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.expire_unproven(command, self._now())

    @activity.defn(name="bookings.approve")
    async def approve(self, command: BookingCommand) -> BookingOutcome:
        """A person of the business says yes. Raises WrongState while the money is still missing."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.approve(command, self._now())

    @activity.defn(name="bookings.await_approval")
    async def await_approval(self, command: BookingCommand) -> BookingOutcome:
        """The money is secured: hold the time until the approval deadline and ask the business."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.await_approval(command, self._now())

    @activity.defn(name="bookings.begin_expiry")
    async def begin_expiry(self, command: BookingCommand) -> BookingOutcome:
        """The hold's time is over. Expires at once when no intent is open; else records that it must be closed and
        gives that as ``money``."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.begin_expiry(command, self._now())

    @activity.defn(name="bookings.expire")
    async def expire(self, command: BookingCommand) -> BookingOutcome:
        """pending -> expired after the provider closed the intent; releases the claims and notifies the customer."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.expire(command, self._now())

    @activity.defn(name="bookings.begin_renewal")
    async def begin_renewal(self, command: BookingCommand) -> BookingOutcome:
        """The authorisation lapses before the visit is over: ``money`` is to authorise again, None if there is nothing
        to renew any more. The status stays."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.begin_renewal(command, self._now())

    @activity.defn(name="bookings.extend_hold")
    async def extend_hold(self, extension: ExtendHoldInput) -> bool:
        """Keep the time while nobody knows whether it is paid. False when the hold is gone already."""
        async with self._database.unit_of_work(Scope.tenant(extension.business_id)) as work:
            return await work.bookings.changes.extend_hold(extension.booking_id, extension.until)

    @activity.defn(name="bookings.decline")
    async def decline(self, command: BookingCommand) -> BookingOutcome:
        """pending -> declined by the business or by the deadline; the money goes back or is voided."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.decline(command, self._now())

    @activity.defn(name="bookings.cancel")
    async def cancel(self, command: BookingCommand) -> BookingOutcome:
        """To cancelled, at the price that the booking's own policy names; the rest goes back."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.cancel(command, self._now())

    @activity.defn(name="bookings.reschedule")
    async def reschedule(self, command: BookingCommand) -> BookingOutcome:
        """Take the new time, then give up the old, in one transaction. Raises SlotTaken with alternatives."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.reschedule(command, self._now())

    @activity.defn(name="bookings.check_in")
    async def check_in(self, command: BookingCommand) -> BookingOutcome:
        """confirmed -> checked_in."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.check_in(command, self._now())

    @activity.defn(name="bookings.complete")
    async def complete(self, command: BookingCommand) -> BookingOutcome:
        """To completed; an authorisation becomes a capture of what is due (``money``); asks for a review, once."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.complete(command, self._now())

    @activity.defn(name="bookings.no_show")
    async def no_show(self, command: BookingCommand) -> BookingOutcome:
        """To no_show; charges what the policy says and gives the rest back."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.no_show(command, self._now())

    @activity.defn(name="bookings.retake")
    async def reinstate_after_late_payment(self, command: BookingCommand) -> BookingOutcome:
        """Money came after the hold was gone: expired -> confirmed if the same time is still free and ahead, else
        everything goes back (refund or void) and the customer gets a notice either way."""
        async with self._database.unit_of_work(Scope.tenant(command.business_id), _context(command)) as work:
            return await work.bookings.changes.reinstate_after_late_payment(command, self._now())

    @activity.defn(name="bookings.remind")
    async def remind(self, reminder: RemindInput) -> bool:
        """Queue one reminder; False when it was queued before, or the visit is no longer to come at that time."""
        async with self._database.unit_of_work(Scope.tenant(reminder.business_id)) as work:
            return await work.bookings.changes.remind(reminder.booking_id, reminder.start_at, reminder.offset)
